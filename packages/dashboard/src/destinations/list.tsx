import type { DestinationSummary } from '@orderloop/protocol';
import { useTexts } from '../i18n.ts';
import { destinationPath } from '../route.ts';
import { fill } from '../texts.ts';
import { useDestinationWords } from './words.ts';

const TONES: Readonly<Record<DestinationSummary['state'], string>> = {
  ok: 'good',
  paused: 'bad',
  failing: 'warn',
  unknown_type: 'bad',
};

export function StateBadge({ destination }: { destination: Pick<DestinationSummary, 'state' | 'test'> }) {
  const words = useDestinationWords();
  return (
    <>
      <span class={`badge ${TONES[destination.state]}`}>{words.states[destination.state]}</span>
      {destination.test && (
        <>
          {' '}
          <span class="badge warn">{words.test_mode}</span>
        </>
      )}
    </>
  );
}

/** Conversions that still have somewhere to go. */
export const waitingOf = ({ counts }: Pick<DestinationSummary, 'counts'>): number =>
  counts.waiting + counts.sending + counts.pending + counts.paused;

/** Every destination, with what it was told. */
export function DestinationList({ destinations }: { destinations: readonly DestinationSummary[] }) {
  const words = useDestinationWords();
  const { number } = useTexts();
  return (
    <section class="panel scroll" aria-label={words.title} tabIndex={0}>
      <table class="cards">
        <thead>
          <tr>
            <th scope="col">{words.col_destination}</th>
            <th scope="col">{words.col_state}</th>
            <th scope="col">{words.col_delivered}</th>
            <th scope="col">{words.col_waiting}</th>
            <th scope="col">{words.col_skipped}</th>
            <th scope="col">{words.col_dead}</th>
          </tr>
        </thead>
        <tbody>
          {destinations.map((one) => (
            <tr key={`${one.site}/${one.destination}`}>
              <th scope="row" data-label={words.col_destination}>
                <a href={destinationPath(one.destination, one.site)}>{one.name}</a>{' '}
                <span class="dim">
                  {one.destination} · {fill(words.site, { site: one.site })}
                </span>
              </th>
              <td data-label={words.col_state}>
                <StateBadge destination={one} />
              </td>
              <td data-label={words.col_delivered}>{number(one.counts.delivered)}</td>
              <td data-label={words.col_waiting}>{number(waitingOf(one))}</td>
              <td data-label={words.col_skipped}>{number(one.counts.skipped)}</td>
              <td data-label={words.col_dead} class={one.counts.dead > 0 ? 'refused' : ''}>
                {number(one.counts.dead)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
