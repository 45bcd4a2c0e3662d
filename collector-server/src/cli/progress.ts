const EVERY_MS = 250;

/** Shows on stderr how far long work has come: one line that renews itself on a terminal, a line now and then elsewhere. */
export function showProgress(what: string, total: number): { update(done: number, of?: number): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  let shown = 0;
  const line = (done: number, of: number) =>
    `${done} of ${of} ${what} (${of === 0 ? 100 : Math.min(100, Math.floor((100 * done) / of))} %)`;
  return {
    update(done, of = total) {
      if (Date.now() - shown < (isTerminal ? EVERY_MS : EVERY_MS * 20)) return;
      shown = Date.now();
      process.stderr.write(isTerminal ? `\r${line(done, of)}` : `${line(done, of)}\n`);
    },
    end() {
      process.stderr.write(`${isTerminal ? '\r' : ''}${line(total, total)}\n`);
    },
  };
}
