import { MODES, type Mode } from './types.ts';

export type FailureModes = ReturnType<typeof createFailureModes>;

/** How the next requests are answered: `times` of them, or all until told otherwise when it is null. */
export function createFailureModes() {
  let mode: Mode = 'ok';
  let times: number | null = null;

  function set(next: Mode, count: number | null = null): void {
    mode = next;
    times = next === 'ok' ? null : count;
  }

  return {
    set,
    current: () => ({ mode, times }),
    /** The mode of one request, which uses it up. */
    take(): Mode {
      const taken = mode;
      if (times !== null && --times <= 0) set('ok');
      return taken;
    },
  };
}

export interface ModeChange {
  mode: Mode;
  times: number | null;
}

/** Reads what the switch or a test sent; undefined when it makes no sense. */
export function readModeChange(body: unknown): ModeChange | undefined {
  const { mode, times } = (body ?? {}) as Record<string, unknown>;
  const known = MODES.find((name) => name === String(mode));
  if (!known) return undefined;
  if (times === undefined || times === null || times === '') return { mode: known, times: null };
  const count = Number(times);
  return Number.isInteger(count) && count >= 1 && count <= 10_000 ? { mode: known, times: count } : undefined;
}
