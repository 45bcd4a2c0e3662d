import type { Destination } from '../destinations/contract.ts';
import type { Lane, OutboxFilter } from '../storage/contract.ts';
import type { RelayDeps, Sending } from './context.ts';
import { prepare } from './prepare.ts';

const PAGE = 500;
/** Of one call; the answer says whether there are more. */
const MAX_ROWS = 10_000;

export interface ReplayFilter extends Lane {
  conversion_id?: string;
  /** Why they were given up. */
  reason?: string;
}

/** What a replay of given-up conversions does, or would do. */
export interface ReplayReport {
  /** How many are sent again, under the same ids. */
  sent: number;
  /** How many are not, by reason: too old by now, consent withdrawn … They stay as they are. */
  skipped: Record<string, number>;
  more: boolean;
}

/**
 * Takes given-up conversions of a destination up again, those that it would still take: the same ids and times, looked at by age,
 * consent and mapping first. A dry run changes nothing.
 */
export async function replayDeliveries(
  deps: RelayDeps,
  destination: Destination,
  settings: Record<string, unknown>,
  { site, destination: id, conversion_id, reason }: ReplayFilter,
  isDryRun: boolean,
): Promise<ReplayReport> {
  const { outbox } = deps.storage;
  const lane = { site, destination: id };
  const sending: Sending = {
    deps,
    lane,
    destination,
    settings,
    context: () => ({ now: deps.now(), ...(destination.access && { access_token: 'not needed to look' }) }),
    pause: async () => undefined,
    quiet: () => undefined,
  };
  const filter: OutboxFilter = {
    ...lane,
    states: ['dead'],
    ...(conversion_id !== undefined && { conversion_id }),
    ...(reason !== undefined && { reason }),
  };
  const report: ReplayReport = { sent: 0, skipped: {}, more: false };
  const skip = (why: string): void => {
    report.skipped[why] = (report.skipped[why] ?? 0) + 1;
  };
  let after = 0;
  for (let seen = 0; ; ) {
    const rows = await outbox.list(filter, after, PAGE);
    if (rows.length === 0) return report;
    if (seen >= MAX_ROWS) return { ...report, more: true };
    seen += rows.length;
    after = rows.at(-1)!.id;
    // As they would be if they were queued now.
    const { ready, done } = await prepare(
      sending,
      rows.map((row) => ({ ...row, queued_at: deps.now() })),
    );
    for (const { reason: why } of done) skip(why ?? 'unknown');
    const { requests, skipped } = destination.requests(
      ready.map(({ conversion }) => conversion),
      settings,
      sending.context(),
    );
    for (const { reason: why } of skipped) skip(why);
    const ids = requests.flatMap(({ event_ids }) => event_ids);
    report.sent += ids.length;
    if (!isDryRun) for (const one of ids) await outbox.release({ ...filter, conversion_id: one }, deps.now());
  }
}
