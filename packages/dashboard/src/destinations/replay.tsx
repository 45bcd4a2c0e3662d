import type { DestinationReplay, DestinationSummary } from '@orderloop/protocol';
import { useState } from 'preact/hooks';
import { replayDestination } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { fill } from '../texts.ts';
import { useDestinationWords, wordOf } from './words.ts';

/** Looks first at what a replay would do, and does it when somebody says so. */
export function Replay({ destination, onDone }: { destination: DestinationSummary; onDone: () => void }) {
  const words = useDestinationWords();
  const { number, t } = useTexts();
  const [seen, setSeen] = useState<DestinationReplay>();
  const [sent, setSent] = useState<number>();
  const [hasFailed, setFailed] = useState(false);
  const { site, destination: id, counts } = destination;
  if (counts.dead === 0 && sent === undefined) return null;

  const run = (isDryRun: boolean): void => {
    replayDestination(site, id, isDryRun).then(
      (report) => {
        setFailed(false);
        setSeen(isDryRun ? report : undefined);
        setSent(isDryRun ? undefined : report.sent);
        if (!isDryRun) onDone();
      },
      () => setFailed(true),
    );
  };
  const skipped = Object.entries(seen?.skipped ?? {})
    .map(([reason, count]) => fill(words.replay_skipped, { count: number(count), reason: wordOf(words.reasons, reason) }))
    .join(' ');

  return (
    <section class="panel">
      <h2>{words.replay_title}</h2>
      <p class="dim">{words.replay_intro}</p>
      <div role="status">
        {hasFailed && <p class="notice warn">{t('offline')}</p>}
        {seen && <p>{fill(words.replay_would, { sent: number(seen.sent), skipped })}</p>}
        {sent !== undefined && <p>{fill(words.replayed, { sent: number(sent) })}</p>}
      </div>
      <p class="row">
        <button type="button" onClick={() => run(true)}>
          {words.replay_look}
        </button>
        {seen && seen.sent > 0 && (
          <button type="button" onClick={() => run(false)}>
            {words.replay}
          </button>
        )}
      </p>
    </section>
  );
}
