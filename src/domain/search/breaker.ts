import type { Clock } from '../kernel/clock.js';

const FAILURES = 3;
const PAUSE_MS = 10_000;

/** Keeps requests away from what failed three times in a row; every ten seconds one may try whether it is back. */
export interface Breaker {
  admits(): boolean;
  succeeded(): void;
  failed(): void;
}

export function createBreaker({ now }: { readonly now: Clock }): Breaker {
  let failures = 0;
  let closedUntil = 0;
  return {
    admits() {
      const time = now().getTime();
      if (failures < FAILURES) return true;
      if (time < closedUntil) return false;
      closedUntil = time + PAUSE_MS;
      return true;
    },
    succeeded() {
      failures = 0;
    },
    failed() {
      failures += 1;
      if (failures >= FAILURES) closedUntil = now().getTime() + PAUSE_MS;
    },
  };
}
