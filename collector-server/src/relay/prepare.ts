import type { Conversion } from '@orderloop/protocol';
import { AD_PURPOSES, type ConversionState, holdReason } from '../stitch/conversion.ts';
import type { Finish, OutboxRow } from '../storage/contract.ts';
import { type RelayDeps, type Sending, snapshotPlace } from './context.ts';

/** A row with what is to be sent of it. */
export interface Prepared {
  row: OutboxRow;
  conversion: Conversion;
}

/** For destinations without an age limit of their own (O3). */
const MAX_AGE_MS = 72 * 3_600_000;
/** What is missing may be on its way: a rebuild derives it, another attempt settles it. */
const MISSING_MS = 30_000;
/** An answer takes so long, about. */
const SOON_MS = 250;
const UNSETTLED = new Set(['waiting', 'sending', 'pending', 'paused']);

/**
 * What each claimed row sends, or what becomes of it instead. Consent, erasure and age are looked at once more (O8): they may
 * have changed since the row was queued.
 */
export async function prepare(sending: Sending, rows: readonly OutboxRow[]): Promise<{ ready: Prepared[]; done: Finish[] }> {
  const { deps, lane } = sending;
  const ids = rows.map(({ conversion_id }) => conversion_id);
  const states = new Map(
    (await deps.storage.projections.conversionsById(lane.site, ids)).map((state) => [state.conversion_id, state]),
  );
  const originals = await originalsOf(sending, rows, states);
  const ready: Prepared[] = [];
  const done: Finish[] = [];
  for (const row of rows) {
    const state = states.get(row.conversion_id);
    const result = state ? prepareOne(sending, row, state, originals) : missing(row, deps.now());
    if ('conversion' in result) ready.push({ row, conversion: result.conversion });
    else done.push({ row, ...result });
  }
  return { ready, done };
}

function prepareOne(
  { deps, destination, lane }: Sending,
  row: OutboxRow,
  state: ConversionState,
  originals: ReadonlyMap<string, OutboxRow>,
): { conversion: Conversion } | Omit<Finish, 'row'> {
  const now = deps.now();
  const { purposes = AD_PURPOSES, refund, maxAgeMs } = destination.capabilities;
  if (state.hold === 'erased') return { state: 'skipped', reason: 'erased', snapshot: null };
  if (holdReason(state.consent, deps.consentModeOf(lane.site), purposes))
    return { state: 'skipped', reason: 'consent_denied', snapshot: null };
  const conversion = row.snapshot ? openSnapshot(deps, row) : unseal(deps, state);
  const age = maxAgeMs(conversion);
  if (age === null && now - row.queued_at > MAX_AGE_MS) return { state: 'dead', reason: 'expired', snapshot: null };
  const original_id = conversion.refund?.original?.event_id;
  if (refund === 'none' || original_id === undefined) return { conversion };

  const original = originals.get(original_id);
  // What takes back waits for what it takes back from.
  if (original && UNSETTLED.has(original.state))
    return { state: 'waiting', reason: 'original_not_settled', next_attempt_at: now + untilSettled(original, now) };
  if (original && original.state !== 'delivered') return { state: 'skipped', reason: 'original_not_delivered', snapshot: null };
  if (!original) return { conversion };
  const accepted = { [destination.id]: { ...(original.told !== undefined && { value: original.told }) } };
  return {
    conversion: { ...conversion, refund: { ...conversion.refund, original: { ...conversion.refund?.original, accepted } } },
  };
}

/** In ms, when to look again whether a purchase is settled. */
function untilSettled({ state, next_attempt_at }: OutboxRow, now: number): number {
  if (state === 'sending') return SOON_MS;
  return state === 'paused' ? MISSING_MS : Math.max(SOON_MS, (next_attempt_at ?? now) - now);
}

/** What the destination made of the purchases that these rows take back from. */
async function originalsOf(
  { deps, lane, destination }: Sending,
  rows: readonly OutboxRow[],
  states: ReadonlyMap<string, ConversionState>,
): Promise<Map<string, OutboxRow>> {
  if (destination.capabilities.refund === 'none') return new Map();
  const ids = rows.flatMap(({ conversion_id }) => states.get(conversion_id)?.conversion.refund?.original?.event_id ?? []);
  if (ids.length === 0) return new Map();
  const found = await deps.storage.outbox.ofConversions(lane, ids);
  return new Map(found.map((row) => [row.conversion_id, row]));
}

function missing(row: OutboxRow, now: number): Omit<Finish, 'row'> {
  if (now - row.queued_at > MAX_AGE_MS) return { state: 'dead', reason: 'no_conversion', snapshot: null };
  return { state: 'waiting', reason: 'no_conversion', next_attempt_at: now + MISSING_MS };
}

const openSnapshot = ({ vault }: RelayDeps, row: OutboxRow): Conversion =>
  JSON.parse(vault.open(snapshotPlace(row), row.snapshot!)) as Conversion;

function unseal({ vault, userPlace }: RelayDeps, { site, conversion, user, user_event_id }: ConversionState): Conversion {
  const opened = user && user_event_id ? vault.openUser(userPlace(site, user_event_id), user) : undefined;
  return { ...conversion, ...(opened && { user: opened }) };
}
