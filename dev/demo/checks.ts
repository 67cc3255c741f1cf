import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';

/** Something is not as claimed; the message says what was expected and what was seen. */
export class CheckFailed extends Error {
  constructor(what: string, expected: unknown, seen: unknown) {
    super(`${what}: expected ${show(expected)}, saw ${show(seen)}`);
  }
}

/** Compares what is claimed with what is there, and counts. */
export interface Checks {
  readonly made: number;
  equal<T>(what: string, seen: T, expected: T): void;
  /** `expected` in words. */
  holds(what: string, good: boolean, expected: string, seen: unknown): void;
  /** Looks until it is good; answers what was seen then. */
  eventually<T>(
    what: string,
    look: () => Promise<T>,
    good: (seen: T) => boolean,
    options: { readonly expected: string; readonly withinMs?: number; readonly everyMs?: number },
  ): Promise<T>;
}

export function createChecks(): Checks {
  let made = 0;
  function holds(what: string, good: boolean, expected: unknown, seen: unknown): void {
    made += 1;
    if (!good) throw new CheckFailed(what, expected, seen);
  }
  return {
    get made() {
      return made;
    },
    equal: (what, seen, expected) => holds(what, isDeepStrictEqual(plain(seen), plain(expected)), expected, seen),
    holds,
    async eventually(what, look, good, { expected, withinMs = 20_000, everyMs = 200 }) {
      const end = Date.now() + withinMs;
      for (;;) {
        const seen = await look();
        if (good(seen) || Date.now() > end) {
          holds(what, good(seen), expected, seen);
          return seen;
        }
        await sleep(everyMs);
      }
    },
  };
}

/** As JSON has it: whichever realm made the objects. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify([value]));

const LONGEST = 600;

function show(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return text.length > LONGEST ? `${text.slice(0, LONGEST)} …` : text;
}
