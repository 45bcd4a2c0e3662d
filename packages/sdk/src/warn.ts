/** Tells a developer what is wrong, once per code. Never with personal data or keys. */
export type Warn = (code: string, text: string) => void;

export function createWarn(isDebugging: boolean): Warn {
  const said = new Set<string>();
  return (code, text) => {
    if (!isDebugging || said.has(code)) return;
    said.add(code);
    console.warn(`[orderloop] [${code}] ${text}`);
  };
}

/** Where a shop is built rather than run. */
export function isDevelopment(hostname: string): boolean {
  return /^(localhost|127\.0\.0\.1|\[::1\])$|\.(localhost|test)$/.test(hostname);
}

/** Wraps what pages and browsers call, so that no failure of ours reaches them. */
export function createGuard(warn: Warn) {
  return <Args extends unknown[]>(work: (...args: Args) => void) =>
    (...args: Args): void => {
      try {
        work(...args);
      } catch (error) {
        warn('failed', String(error));
      }
    };
}
