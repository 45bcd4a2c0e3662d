import type { DestinationSummary, DestinationVerification } from '@orderloop/protocol';
import { useState } from 'preact/hooks';
import { verifyDestination } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { fill } from '../texts.ts';
import { useDestinationWords, wordOf } from './words.ts';

/** Sends the platform's own test request, and says in words what came of it. */
export function Verify({ destination }: { destination: DestinationSummary }) {
  const words = useDestinationWords();
  const { t } = useTexts();
  const [isAsking, setAsking] = useState(false);
  const [answer, setAnswer] = useState<DestinationVerification | 'failed'>();
  const [codes, setCodes] = useState<Record<string, string>>({});
  const { verification, site, destination: id } = destination;

  const ask = (event: Event): void => {
    event.preventDefault();
    setAsking(true);
    verifyDestination(site, id, codes)
      .then(setAnswer, () => setAnswer('failed'))
      .finally(() => setAsking(false));
  };

  return (
    <section class="panel">
      <h2>{words.verify_title}</h2>
      {verification === null ? (
        <p class="dim">{words.verify_none}</p>
      ) : (
        <form onSubmit={ask}>
          <p class="dim">{words.verify_effect[verification.effect]}</p>
          {verification.needs.map((name) => (
            <p key={name}>
              <label>
                <code>{name}</code>{' '}
                <input
                  name={name}
                  required
                  autoComplete="off"
                  value={codes[name] ?? ''}
                  onInput={(event) => setCodes({ ...codes, [name]: event.currentTarget.value })}
                />
              </label>
            </p>
          ))}
          <button type="submit" disabled={isAsking}>
            {isAsking ? words.verifying : words.verify}
          </button>
        </form>
      )}
      <div role="status">
        {answer === 'failed' && <p class="notice warn">{t('offline')}</p>}
        {answer && answer !== 'failed' && <Answer answer={answer} />}
      </div>
    </section>
  );
}

const TONES: Readonly<Record<string, string>> = {
  accepted: 'good',
  duplicate: 'good',
  pending: 'good',
  rejected: 'bad',
  auth: 'bad',
};

function Answer({ answer }: { answer: DestinationVerification }) {
  const words = useDestinationWords();
  if ('refused' in answer) return <p class="notice warn">{fill(words.refused, { detail: answer.detail })}</p>;
  const { verdict, detail, code, request, reply, error } = answer;
  return (
    <>
      <p class={`notice ${TONES[verdict] ?? 'warn'}`}>
        {fill(wordOf(words.verdicts, verdict), { detail: detail ?? code ?? error ?? '' })}
        {detail && !words.verdicts[verdict as keyof typeof words.verdicts]?.includes('{detail}') ? ` ${detail}` : ''}
      </p>
      <details class="exchange">
        <summary>{words.request}</summary>
        <pre tabIndex={0}>
          {request.method} {request.url}
          {'\n\n'}
          {request.body}
        </pre>
      </details>
      <details class="exchange">
        <summary>
          {words.reply} {reply?.status}
        </summary>
        <pre tabIndex={0}>{reply ? reply.body : error}</pre>
      </details>
    </>
  );
}
