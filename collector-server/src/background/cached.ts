/** An answer is kept for this many times as long as it took: asking may take a twentieth of the time, and no more. */
const KEPT_TIMES = 20;

/**
 * Asks again only when the last answer is old, for how long it took: a count over a million rows is not made every second, and
 * one over a hundred is always fresh. Who asks meanwhile gets what is being asked for.
 */
export function cached<Key, Answer>(ask: (key: Key) => Promise<Answer>, now: () => number = performance.now.bind(performance)) {
  const kept = new Map<Key, { answer: Promise<Answer>; until: number }>();
  return (key: Key): Promise<Answer> => {
    const known = kept.get(key);
    if (known && now() < known.until) return known.answer;
    const began = now();
    const entry = { answer: ask(key), until: Number.POSITIVE_INFINITY };
    kept.set(key, entry);
    entry.answer.then(
      () => {
        const ended = now();
        entry.until = ended + (ended - began) * KEPT_TIMES;
      },
      () => kept.delete(key),
    );
    return entry.answer;
  };
}
