const EVERY_MS = 250;

/** Shows on stderr how far long work has come: one line that renews itself on a terminal, a line now and then elsewhere. */
export function showProgress(what: string, total: number): { update(done: number, of?: number): void; end(): void } {
  const isTerminal = process.stderr.isTTY;
  let shown = 0;
  let last = '';
  const line = (done: number, of: number) =>
    `${done} of ${of} ${what} (${of === 0 ? 100 : Math.min(100, Math.floor((100 * done) / of))} %)`;
  return {
    update(done, of = total) {
      if (Date.now() - shown < (isTerminal ? EVERY_MS : EVERY_MS * 20)) return;
      shown = Date.now();
      last = line(done, of);
      process.stderr.write(isTerminal ? `\r${last}` : `${last}\n`);
    },
    end() {
      if (isTerminal) process.stderr.write(`\r${line(total, total)}\n`);
      else if (last !== line(total, total)) process.stderr.write(`${line(total, total)}\n`);
    },
  };
}
