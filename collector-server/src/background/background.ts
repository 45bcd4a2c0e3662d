import type { Identifier, Verdict } from '@orderloop/protocol';
import { type Config, dataKey } from '../config.ts';
import { createCertificates } from '../connections/certificates.ts';
import { createConnections } from '../connections/runtime.ts';
import { DESTINATIONS, purposesOf } from '../destinations/index.ts';
import { createProjector, projectionLag } from '../ingest/project.ts';
import { type ReplayOutcome, replayDeadLetter } from '../ingest/replay.ts';
import { siteFactsOf } from '../ingest/site-facts.ts';
import { createCaller } from '../outgoing/call.ts';
import { type ErasureReport, erasePerson, resumeErasures } from '../persons/erase.ts';
import { probableOf } from '../persons/probable.ts';
import { createPersons, type Persons } from '../persons/read.ts';
import { createVault } from '../privacy/vault.ts';
import { createRelay, type LaneState } from '../relay/relay.ts';
import type { ReplayFilter as DeliveryFilter, ReplayReport } from '../relay/replay.ts';
import { type VerificationRefusal, type VerificationResult, verifyDestination } from '../relay/verify.ts';
import { SOURCES } from '../sources/index.ts';
import type {
  Connections,
  DeadLetterRow,
  DeadLetters,
  Deliveries,
  EventReader,
  Lane,
  Outbox,
  Pause,
  ProjectionReader,
  Rewards,
  Storage,
} from '../storage/contract.ts';
import { cached } from './cached.ts';
import { createBackgroundMetrics } from './metrics.ts';
import { relayDepsOf } from './relay-deps.ts';

/** How often the log is looked at when nobody said that there is something new: another collector may have written. */
const POLL_MS = 1_000;
const SWEEP_MS = 60_000;
const SWEEP_ROWS = 500;
/** How long a named call is remembered (I2). */
const CALLS_KEPT_MS = 7 * 86_400_000;
/** How long late events of an erased person are known for what they are (identity §2.7). */
const TOMBSTONES_KEPT_MS = 90 * 86_400_000;
/** Deliveries of each source; and of those that nobody signed fewer, which stand for many. */
const DELIVERIES_KEPT = { verified: 200, unverified: 20 };
const DELIVERIES_COUNTED_MS = 2 * 86_400_000;
const UNLOGGED_ROWS = 500;
const REPLAY_ROWS = 500;

/** What is asked of the background by the thread that answers requests. Every answer is plain data. */
export interface Background {
  events: EventReader;
  deadLetters: DeadLetters;
  projections: ProjectionReader;
  outbox: Pick<Outbox, 'ofConversion' | 'counts' | 'tally' | 'list' | 'quality'>;
  rewards: Rewards;
  persons: Persons;
  deliveries: Pick<Deliveries, 'put' | 'list' | 'summaries'>;
  connections: Pick<Connections, 'state'>;
  control: BackgroundControl;
}

export interface BackgroundControl {
  /** Bytes. */
  size(): Promise<{ bytes: number; wal_bytes: number }>;
  /** Events of the log that are not projected yet. */
  lag(): Promise<number>;
  /** How it stands with each destination. */
  lanes(): Promise<(LaneState & { paused?: Pause })[]>;
  /** Takes a destination up again; answers how many conversions waited for it. */
  resume(site: string, destination: string): Promise<number>;
  /** Takes given-up conversions of a destination up again, or says what that would do; null when there is no such destination. */
  replayDeliveries(filter: DeliveryFilter, isDryRun: boolean): Promise<ReplayReport | null>;
  /** Sends the platform's test request, with settings beside those of the configuration; null when there is no such destination. */
  verify(lane: Lane, extra: Record<string, unknown>): Promise<VerificationResult | VerificationRefusal | null>;
  /** Takes open dead letters up again, oldest first, at most 500 at a time. */
  replay(filter: ReplayFilter): Promise<ReplayOutcome[]>;
  /** Puts a dead letter away for good; false when there is none such. */
  discard(id: number, site: string | undefined): Promise<boolean>;
  /** Erases who has an identifier, as events are kept with it; null when nobody has it (identity §2.7). */
  erase(request: { site: string; id: Identifier; by: string; reason?: string }): Promise<ErasureReport | null>;
  /** There is something new in the log. */
  wake(): Promise<void>;
  /** In Prometheus' text format. */
  metrics(): Promise<string>;
  /** Finishes what was begun, gives leases back, and closes the store. */
  stop(): Promise<void>;
}

/** Which dead letters: one, or all that are open of a site or a code. */
export interface ReplayFilter {
  id?: number;
  site?: string;
  code?: string;
}

export interface BackgroundOptions {
  config: Config;
  storage: Storage;
  /** Tells this process from others that share the store. */
  owner: string;
  now: () => number;
  onError: (error: unknown, context: string) => void;
}

/** Everything that nobody waits for: projecting the log, relaying conversions, sweeping what has expired. */
export async function startBackground({ config, storage, owner, now, onError }: BackgroundOptions): Promise<Background> {
  const vault = createVault(dataKey(config.data_key));
  const metrics = createBackgroundMetrics();
  const caller = createCaller(config.allow_private_targets ?? []);
  const relay = createRelay({
    ...relayDepsOf(config, storage, caller, now),
    onAttempt: ({ destination }, verdict: Verdict, duration_ms) => {
      metrics.attempts.inc({ destination, verdict });
      metrics.attemptDuration.observe({ destination }, duration_ms / 1000);
    },
    onError: (error) => onError(error, 'relay'),
  });
  const projector = createProjector(storage, siteFactsOf(config, purposesOf), { owner, now, onStep: () => relay.wake() });
  const connections = createConnections({
    config,
    sources: SOURCES,
    storage,
    caller,
    vault,
    owner,
    now,
    random: Math.random,
    erase: (request) => erasePerson(request, { storage, projector, now: now() }),
    onAppend: () => wake(),
    onError: (error) => onError(error, 'connections'),
  });
  const certificates = createCertificates(async () => caller, now);
  const replayDeps = { storage, config, sources: SOURCES, certificates, projector, vault };
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;

  const catchUp = async (): Promise<void> => {
    if (stopped) return;
    await projector.catchUp();
    relay.wake();
  };
  const wake = (): void => {
    clearTimeout(timer);
    catchUp()
      .catch((error: unknown) => onError(error, 'projector'))
      .finally(() => {
        clearTimeout(timer);
        if (!stopped) timer = setTimeout(wake, POLL_MS);
      });
  };
  const sweep = setInterval(() => {
    Promise.all([
      storage.deadLetters.sweep(now(), SWEEP_ROWS),
      storage.log.forgetCalls(now() - CALLS_KEPT_MS, SWEEP_ROWS),
      storage.erasures.sweep(now() - TOMBSTONES_KEPT_MS),
      storage.deliveries.sweep(DELIVERIES_KEPT, now() - DELIVERIES_COUNTED_MS),
    ]).catch((error: unknown) => onError(error, 'sweep'));
  }, SWEEP_MS);
  sweep.unref();

  // What an earlier process left: grants that may not be in the log, conversions that were not sent. What it had paused is
  // tried once more: a restart is how settings are mended.
  await logGrants(storage);
  await storage.outbox.unpause();
  await storage.outbox.release({ states: ['paused'] }, now());
  await resumeErasures({ storage, projector, now: now() });
  wake();
  connections.start();

  const { events, deadLetters, projections, rewards, deliveries } = storage;
  const counts = cached(() => storage.outbox.counts());
  const tally = cached((site: string | undefined) => storage.outbox.tally(site));
  const outbox: Background['outbox'] = {
    ofConversion: storage.outbox.ofConversion,
    list: storage.outbox.list,
    quality: storage.outbox.quality,
    counts: () => counts(undefined),
    tally,
  };
  const measureOutbox = async (): Promise<void> => {
    for (const gauge of [metrics.outbox, metrics.oldest, metrics.failing]) gauge.reset();
    const oldest = new Map<string, number>();
    for (const { site, destination, state, count, oldest_at } of await tally(undefined)) {
      const label = `${site}/${destination}`;
      metrics.outbox.inc({ destination: label, state }, count);
      if (state === 'waiting' || state === 'sending' || state === 'paused')
        oldest.set(label, Math.min(oldest_at, oldest.get(label) ?? oldest_at));
    }
    for (const [label, at] of oldest) metrics.oldest.set({ destination: label }, Math.max(0, (now() - at) / 1000));
    const paused = await storage.outbox.pauses();
    for (const { site, destination, breaker } of relay.states()) {
      const isPaused = paused.some((pause) => pause.site === site && pause.destination === destination);
      metrics.failing.set({ destination: `${site}/${destination}` }, isPaused || breaker !== 'closed' ? 1 : 0);
    }
  };
  return {
    events,
    deadLetters,
    projections,
    outbox,
    rewards,
    deliveries,
    connections: storage.connections,
    persons: {
      ...createPersons(projections),
      async read(site, id) {
        const person = await createPersons(projections).read(site, id);
        if (!person || !config.sites[person.site]?.probable_persons) return person;
        const probable = await probableOf(person, { projections, events });
        return { ...person, ...(probable && { probable }) };
      },
    },
    control: {
      size: () => storage.size(),
      lag: () => projectionLag(storage),
      async lanes() {
        const pauses = await storage.outbox.pauses();
        return relay.states().map((state) => {
          const paused = pauses.find(({ site, destination }) => site === state.site && destination === state.destination);
          return { ...state, ...(paused && { paused }) };
        });
      },
      resume: (site, destination) => relay.resume({ site, destination }),
      replayDeliveries: (filter, isDryRun) => relay.replay(filter, isDryRun),
      async verify({ site, destination: id }, extra) {
        const entry = config.sites[site]?.destinations?.find((found) => found.id === id);
        const destination = entry && DESTINATIONS[entry.type];
        return entry && destination ? verifyDestination(destination, entry, extra, { caller, now }) : null;
      },
      async replay(filter) {
        const letters = await findLetters(storage, filter);
        const outcomes: ReplayOutcome[] = [];
        for (const letter of letters) outcomes.push(await replayDeadLetter(letter, replayDeps));
        wake();
        return outcomes;
      },
      async discard(id, site) {
        const letter = await storage.deadLetters.get(id);
        if (!letter || (site !== undefined && letter.site !== site)) return false;
        await storage.deadLetters.settle(id, 'discarded');
        return true;
      },
      erase: (request) => erasePerson(request, { storage, projector, now: now() }),
      wake: async () => wake(),
      async metrics() {
        metrics.projectorLag.set(await projectionLag(storage));
        await measureOutbox();
        return metrics.registry.metrics();
      },
      async stop() {
        stopped = true;
        clearTimeout(timer);
        clearInterval(sweep);
        await connections.stop();
        await projector.stop().catch((error: unknown) => onError(error, 'projector'));
        await relay.stop();
        await caller.close();
        await storage.close();
      },
    },
  };
}

async function findLetters(
  { deadLetters }: Pick<Storage, 'deadLetters'>,
  { id, site, code }: ReplayFilter,
): Promise<DeadLetterRow[]> {
  if (id === undefined) return (await deadLetters.list({ site, code, state: 'open' }, REPLAY_ROWS)).reverse();
  const letter = await deadLetters.get(id);
  return letter && (site === undefined || letter.site === site) ? [letter] : [];
}

/** A grant is claimed first and logged after; one that a crash kept out of the log gets in now, once. */
async function logGrants({ log, rewards }: Pick<Storage, 'log' | 'rewards'>): Promise<void> {
  for (;;) {
    const waiting = await rewards.unlogged(UNLOGGED_ROWS);
    if (waiting.length === 0) return;
    await log.append({ events: waiting.map(({ grant }) => grant) });
    for (const { site, nonce_hash } of waiting) await rewards.logged(site, nonce_hash);
  }
}
