/** Dice that fall the same way for the same seed (mulberry32). */
export interface Random {
  /** From 0 up to 1. */
  number(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** One of the keys, as often as its weight says. */
  weighed<K extends string>(weights: Record<K, number>): K;
  bytes(length: number): Uint8Array;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;

  function number(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  const between = (least: number, most: number) => least + Math.floor(number() * (most - least + 1));

  return {
    number,
    between,
    chance: (probability) => number() < probability,
    pick: (list) => list[between(0, list.length - 1)]!,
    weighed(weights) {
      const entries = Object.entries<number>(weights);
      let rest = number() * entries.reduce((sum, [, weight]) => sum + weight, 0);
      for (const [key, weight] of entries) {
        rest -= weight;
        if (rest < 0) return key as keyof typeof weights;
      }
      return entries[0]![0] as keyof typeof weights;
    },
    bytes: (length) => Uint8Array.from({ length }, () => between(0, 255)),
  };
}
