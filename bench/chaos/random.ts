/** Numbers that look random and are the same for the same seed: mulberry32. */
export interface Random {
  /** From 0, below 1. */
  next(): number;
  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number;
  /** One of them. @throws Error where there is none */
  pick<T>(from: readonly T[]): T;
  /** One of them, each as likely as its weight says. @throws Error where there is none */
  pickWeighted<T extends { readonly weight: number }>(from: readonly T[]): T;
}

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    between: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick: (from) => existing(from[Math.floor(next() * from.length)]),
    pickWeighted(from) {
      let left = next() * from.reduce((sum, { weight }) => sum + weight, 0);
      return existing(from.find(({ weight }) => (left -= weight) < 0) ?? from.at(-1));
    },
  };
}

/** A seed for one of many, so that each has numbers of its own whatever the others do. */
export const seedOf = (...parts: readonly number[]): number =>
  parts.reduce((seed, part) => Math.imul(seed ^ part, 0x9e3779b1) ^ (seed >>> 13), 0x5bd1e995) >>> 0;

function existing<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is nothing to choose from');
  return value;
}
