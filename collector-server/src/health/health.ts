import type { Disk } from './disk.ts';

/** Why no traffic should come here (U6). Codes alone: whoever may ask need not be known. */
export type NotReady =
  | 'starting'
  | 'shutting_down'
  | 'disk_full'
  | 'commit_thread_down'
  | 'storage_unavailable'
  | 'projections_lag';

/** A commit this young proves that the store can be written to. */
const FRESH_MS = 5_000;
const PROBE_MS = 2_000;
/** Beyond this many events what is read is too old to be relied on. */
const MAX_LAG = 1_000_000;
const LAG_EVERY_MS = 5_000;

export interface HealthOptions {
  disk: Pick<Disk, 'isFull'>;
  /** Why nothing can be appended just now, as the log says it. */
  trouble(): string | null;
  /** Writes to the log; rejects when it can't. */
  probe(): Promise<unknown>;
  lag(): Promise<number>;
  /** UTC ms. */
  now(): number;
}

export interface Health {
  /** Something was committed: no need to ask. */
  committed(): void;
  /** Not ready from now on, though requests are still answered. */
  announceStop(): void;
  /** Nothing new may begin from now on. */
  stopTaking(): void;
  isStopping(): boolean;
  /** Why nothing may be written now, without asking the store; null when it may. */
  refuseWrites(): Extract<NotReady, 'shutting_down' | 'disk_full'> | null;
  readiness(): Promise<NotReady | null>;
}

/** Knows whether this collector should be sent requests. */
export function createHealth({ disk, trouble, probe, lag, now }: HealthOptions): Health {
  let stopping = false;
  let taking = true;
  let committed_at = Number.NEGATIVE_INFINITY;
  let lag_at = Number.NEGATIVE_INFINITY;
  let behind = 0;

  const isLagging = async (): Promise<boolean> => {
    if (now() - lag_at > LAG_EVERY_MS) {
      behind = await lag();
      lag_at = now();
    }
    return behind > MAX_LAG;
  };

  return {
    committed() {
      committed_at = now();
    },
    announceStop() {
      stopping = true;
    },
    stopTaking() {
      taking = false;
    },
    isStopping: () => stopping,
    refuseWrites: () => (!taking ? 'shutting_down' : disk.isFull() ? 'disk_full' : null),
    async readiness() {
      if (stopping) return 'shutting_down';
      if (disk.isFull()) return 'disk_full';
      if (trouble() !== null) return 'commit_thread_down';
      try {
        if (now() - committed_at > FRESH_MS) {
          await within(PROBE_MS, probe());
          committed_at = now();
        }
        return (await within(PROBE_MS, isLagging())) ? 'projections_lag' : null;
      } catch {
        return 'storage_unavailable';
      }
    },
  };
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
