import type { DestinationSummary } from '@orderloop/protocol';
import { readDestination, readReconciliation, resumeDestination } from '../api.ts';
import { useTexts } from '../i18n.ts';
import { Heading } from '../parts/heading.tsx';
import { DESTINATIONS_PATH } from '../route.ts';
import { fill } from '../texts.ts';
import { usePolling } from '../use-polling.ts';
import { StateBadge, waitingOf } from './list.tsx';
import { Reconciliation } from './reconciliation.tsx';
import { Replay } from './replay.tsx';
import { Verify } from './verify.tsx';
import { useDestinationWords, wordOf } from './words.ts';

const EVERY_MS = 5_000;
const REPORT_MS = 30_000;

export function BackLink() {
  const words = useDestinationWords();
  return (
    <a class="back" href={DESTINATIONS_PATH}>
      <span aria-hidden="true" class="arrow" /> {words.back}
    </a>
  );
}

/** One destination: its state, what it was told, how well buyers were known, and what became of every order. */
export function DestinationDetail({ destination, onChange }: { destination: DestinationSummary; onChange: () => void }) {
  const words = useDestinationWords();
  const { site, destination: id, name, api_version, state, paused, faults, sunset, test } = destination;
  const detail = usePolling(() => readDestination(site, id), EVERY_MS);
  const report = usePolling(() => readReconciliation(site, id), REPORT_MS);
  return (
    <article>
      <BackLink />
      <Heading>
        {name} <StateBadge destination={destination} />
      </Heading>
      <p class="dim">
        {id} · {fill(words.site, { site })} · {api_version} · {words.refunds[destination.refund]}
      </p>
      <p>{fill(words.state_hint[state], { reason: paused?.reason ?? '' })}</p>
      {paused && (
        <p>
          <button type="button" onClick={() => void resumeDestination(site, id).then(onChange)}>
            {words.resume}
          </button>
        </p>
      )}
      {test && <p class="notice warn">{words.test_hint}</p>}
      {[...faults, ...(sunset ? [sunset] : [])].map((text) => (
        <p class="notice warn" key={text}>
          {text}
        </p>
      ))}
      <div class="columns">
        <div>
          <Told destination={destination} latency={detail.data?.latency} />
          <Replay destination={destination} onDone={onChange} />
        </div>
        <div>
          <Verify destination={destination} />
          {detail.data && <Quality quality={detail.data.match_quality} />}
        </div>
      </div>
      {report.data && <Reconciliation report={report.data} />}
    </article>
  );
}

function Told({
  destination,
  latency,
}: {
  destination: DestinationSummary;
  latency: { p50_ms: number | null; p95_ms: number | null } | undefined;
}) {
  const words = useDestinationWords();
  const { number, duration } = useTexts();
  const { counts, reasons, site, destination: id } = destination;
  return (
    <section class="panel">
      <h2>{words.told_title}</h2>
      <dl class="facts">
        <dt>{words.col_delivered}</dt>
        <dd>{number(counts.delivered)}</dd>
        <dt>{words.col_waiting}</dt>
        <dd>{number(waitingOf(destination))}</dd>
        <dt>{words.col_skipped}</dt>
        <dd>{number(counts.skipped)}</dd>
        <dt>{words.col_dead}</dt>
        <dd>{number(counts.dead)}</dd>
      </dl>
      {latency?.p50_ms != null && (
        <p class="dim">
          {fill(words.latency, { p50: duration(latency.p50_ms), p95: duration(latency.p95_ms ?? latency.p50_ms) })}
        </p>
      )}
      {reasons.length > 0 && (
        <>
          <h3>{words.reasons_title}</h3>
          <ul class="plain">
            {reasons.map(({ state, reason, count }) => (
              <li key={`${state}${reason}`}>
                <strong>{number(count)}</strong> {words.fates[state]}: {wordOf(words.reasons, reason)}
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        <a href={`/v1/destinations/${encodeURIComponent(site)}/${encodeURIComponent(id)}/deliveries?format=csv`} download>
          {words.export}
        </a>
      </p>
    </section>
  );
}

function Quality({ quality }: { quality: { accepted: number; identifiers: { name: string; count: number }[] } }) {
  const words = useDestinationWords();
  const { number } = useTexts();
  const { accepted, identifiers } = quality;
  return (
    <section class="panel">
      <h2>{words.quality_title}</h2>
      {accepted === 0 ? (
        <p class="dim">{words.quality_none}</p>
      ) : (
        <>
          <p class="dim">{fill(words.quality_intro, { count: number(accepted) })}</p>
          <ul class="plain quality">
            {identifiers.map(({ name, count }) => (
              <li key={name}>
                <span>{wordOf(words.identifiers, name)}</span>
                <meter value={count} max={accepted} aria-label={wordOf(words.identifiers, name)} />
                <span class="dim">{number(Math.round((100 * count) / accepted))} %</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}
