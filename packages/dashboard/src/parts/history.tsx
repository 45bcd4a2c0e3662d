import type { IdentityStep } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { IdentifierBadge, ShortId } from './identifier.tsx';

/** How a person came to be: what was joined, and what operators said, oldest first. */
export function History({ steps }: { steps: readonly IdentityStep[] }) {
  const { t } = useTexts();
  return (
    <section class="panel">
      <h2>{t('history_title')}</h2>
      <p class="dim">{t('history_intro')}</p>
      <ol class="history">
        {steps.map((step, index) => (
          <Step key={index} step={step} />
        ))}
      </ol>
    </section>
  );
}

function Step({ step: { kind, event_id, occurred_at, identifiers, by, reason, undone } }: { step: IdentityStep }) {
  const { t, time } = useTexts();
  const title = t(`step_${kind}`);
  return (
    <li class={`step ${kind} ${undone ? 'undone' : ''}`}>
      <p>
        <strong>{undone ? <s>{title}</s> : title}</strong> {undone && <span class="badge warn">{t('undone')}</span>}
      </p>
      {identifiers.length > 0 && (
        <p>
          {identifiers.map((identifier) => (
            <IdentifierBadge key={identifier.type + identifier.value} identifier={identifier} />
          ))}
        </p>
      )}
      {by && <p>{t('step_by', { by })}</p>}
      {reason && <p>{reason}</p>}
      <p class="dim">
        <time dateTime={new Date(occurred_at).toISOString()}>{time(occurred_at)}</time> · {t('col_event')}{' '}
        <ShortId id={event_id} />
      </p>
    </li>
  );
}
