import { statfs } from 'node:fs/promises';

const LOOK_MS = 1_000;

export interface Disk {
  /** Bytes free where the store lies; undefined where it lies on no disk of ours. */
  free(): number | undefined;
  isFull(): boolean;
  stop(): void;
}

/** Watches the disk of a folder, every second: below the reserve there is still room to finish what was begun (U3). */
export async function watchDisk(folder: string | undefined, reserve_bytes: number): Promise<Disk> {
  let free: number | undefined;
  const look = async (): Promise<void> => {
    if (folder === undefined) return;
    const { bavail, bsize } = await statfs(folder);
    free = bavail * bsize;
  };
  await look();
  const timer = setInterval(() => {
    // A folder that can't be looked at can't be written to either, and the append says so.
    look().catch(() => undefined);
  }, LOOK_MS);
  timer.unref();
  return {
    free: () => free,
    isFull: () => free !== undefined && free < reserve_bytes,
    stop: () => clearInterval(timer),
  };
}
