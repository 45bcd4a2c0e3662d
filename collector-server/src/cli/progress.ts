const EVERY_MS = 250;

/** Shows on stderr how far long work has come: one line that renews itself on a terminal, a line now and then elsewhere. */
export function showProgress(what: string, total: number): { update(done: number): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  let shown = 0;
  const line = (done: number) => `${done} of ${total} ${what} (${total === 0 ? 100 : Math.floor((100 * done) / total)} %)`;
  return {
    update(done) {
      if (Date.now() - shown < (isTerminal ? EVERY_MS : EVERY_MS * 20)) return;
      shown = Date.now();
      process.stderr.write(isTerminal ? `\r${line(done)}` : `${line(done)}\n`);
    },
    end() {
      process.stderr.write(`${isTerminal ? '\r' : ''}${line(total)}\n`);
    },
  };
}
