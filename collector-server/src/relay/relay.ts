import type { Finish, Lane, Pause } from '../storage/contract.ts';
import type { BreakerState } from './breaker.ts';
import type { RelayDeps } from './context.ts';
import { createLane, type LaneWorker } from './lane.ts';
import { type ReplayFilter, type ReplayReport, replayDeliveries } from './replay.ts';

const IDLE_MS = 30_000;
const SHORTEST_LOOK_MS = 20;

/** How it stands with one destination. */
export interface LaneState extends Lane {
  breaker: BreakerState;
  /** Requests on their way. */
  in_flight: number;
}

export interface Relay {
  /** Looks for work now. */
  wake(): void;
  /** The same; resolves when nothing that is due is left, and nothing is on its way. */
  idle(): Promise<void>;
  states(): LaneState[];
  /** Takes a destination up again; answers how many conversions waited for it. */
  resume(lane: Lane): Promise<number>;
  /** Takes given-up conversions of a destination up again; null when there is no such destination. */
  replay(filter: ReplayFilter, isDryRun: boolean): Promise<ReplayReport | null>;
  /** Stops claiming, and resolves when what was being sent has its answer on record. */
  stop(): Promise<void>;
}

/**
 * Works off the outbox: leases, sends, reads the reply, retries, and keeps every attempt. All I/O of all destinations. What is
 * queued for one destination is worked off apart from every other; several collectors share the work by leases.
 */
export function createRelay(deps: RelayDeps): Relay {
  const { outbox } = deps.storage;
  const settle = createSettler(deps);
  let timer: NodeJS.Timeout | undefined;
  let looking = false;
  let looked: Promise<void> = Promise.resolve();
  let again = false;
  let stopped = false;

  const pause = (lane: Lane, reason: string): Promise<void> => outbox.pause({ ...lane, reason, paused_at: deps.now() });
  const workers = deps.destinations.flatMap((entry): LaneWorker[] => {
    const destination = deps.registry[entry.config.type];
    return destination ? [createLane(deps, entry, destination, settle, pause, () => void look())] : [];
  });
  const workerOf = (lane: Lane) =>
    workers.find((worker) => worker.lane.site === lane.site && worker.lane.destination === lane.destination);

  /** Resolves when it has looked, or who is looking already has looked once more. */
  const look = (): Promise<void> => {
    if (looking) again = true;
    else if (!stopped) looked = lookNow();
    return looked;
  };

  const lookNow = async (): Promise<void> => {
    looking = true;
    clearTimeout(timer);
    try {
      let next: number;
      do {
        again = false;
        next = await lookOnce();
      } while (again && !stopped);
      if (!stopped) timer = setTimeout(() => void look(), Math.min(IDLE_MS, Math.max(0, next - deps.now())));
    } catch (error) {
      deps.onError?.(error);
      if (!stopped) timer = setTimeout(() => void look(), deps.retry.floor_ms);
    } finally {
      looking = false;
      // Asked while the next time was looked up: what became due since would wait for the timer.
      if (again) void look();
    }
  };

  /** Gives every destination that has something due its work; answers when there is more to do, in UTC ms. */
  const lookOnce = async (): Promise<number> => {
    const paused = keysOf(await outbox.pauses());
    const open = workers.filter(({ lane }) => !paused.has(keyOf(lane)));
    if (open.length === 0) return deps.now() + IDLE_MS;
    const dues = await outbox.nextDue(open.map(({ lane }) => lane));
    let next = Number.POSITIVE_INFINITY;
    for (const [index, worker] of open.entries()) {
      const due = dues[index];
      if (due === null || due === undefined) continue;
      let more = due <= deps.now();
      while (more && !stopped && worker.waitMs(deps.now()) === 0) more = await worker.work();
      // With every place taken, the end of a call looks again; what another is just taking is not looked at in a circle.
      next = Math.min(next, Math.max(due, deps.now() + Math.max(SHORTEST_LOOK_MS, worker.waitMs(deps.now()))));
    }
    return next;
  };

  return {
    wake: () => void look(),
    async idle() {
      do {
        await look();
        await Promise.all(workers.map((worker) => worker.settled()));
      } while (!stopped && (looking || again || workers.some((worker) => worker.inFlight() > 0)));
    },
    states: () =>
      workers.map((worker) => ({
        ...worker.lane,
        breaker: worker.breaker(deps.now()),
        in_flight: worker.inFlight(),
      })),
    async resume(lane) {
      await outbox.unpause(lane);
      workerOf(lane)?.reset();
      const released = await outbox.release({ ...lane, states: ['paused', 'waiting', 'pending'] }, deps.now());
      void look();
      return released;
    },
    async replay(filter, isDryRun) {
      const entry = deps.destinations.find(({ site, config }) => site === filter.site && config.id === filter.destination);
      const destination = entry && deps.registry[entry.config.type];
      if (!entry || !destination) return null;
      const report = await replayDeliveries(deps, destination, entry.config.settings, filter, isDryRun);
      if (report.sent > 0 && !isDryRun) void look();
      return report;
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await Promise.all(workers.map((worker) => worker.settled()));
    },
  };
}

const keyOf = ({ site, destination }: Lane): string => `${site}/${destination}`;
const keysOf = (pauses: readonly Pause[]): ReadonlySet<string> => new Set(pauses.map(keyOf));

/** Results that come while others are being written are written together: a store syncs once for all of them. */
function createSettler({ storage: { outbox }, onError }: RelayDeps): (results: readonly Finish[]) => Promise<void> {
  let waiting: { results: readonly Finish[]; done: () => void }[] = [];
  let writing = false;

  const write = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    while (waiting.length > 0) {
      const taken = waiting;
      waiting = [];
      // What could not be written is claimed again when its lease has run out.
      await outbox.finish(taken.flatMap(({ results }) => results)).catch((error: unknown) => onError?.(error));
      for (const { done } of taken) done();
    }
    writing = false;
  };

  return (results) =>
    results.length === 0
      ? Promise.resolve()
      : new Promise((done) => {
          waiting.push({ results, done });
          void write();
        });
}
