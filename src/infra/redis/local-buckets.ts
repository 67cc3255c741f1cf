import type { RateLimit } from '../../domain/kernel/rate-limit.js';

export interface LocalBuckets {
  /** Null, or the milliseconds to wait. */
  take(limit: RateLimit, key: string): number | null;
  /** As `take`, and counts nothing. */
  look(limit: RateLimit, key: string): number | null;
  /** Takes back one `take`. */
  giveBack(limit: RateLimit, key: string): void;
}

/** The limiter's rule for this process alone: what is left of a limit while nobody else counts. Forgets the oldest first. */
export function createLocalBuckets({ most, now }: { readonly most: number; readonly now: () => number }): LocalBuckets {
  const fullAt = new Map<string, number>();
  function next({ requests, perMs }: RateLimit, key: string): { readonly full: number; readonly wait: number | null } {
    const at = now();
    const full = Math.max(fullAt.get(key) ?? 0, at) + perMs / requests;
    const wait = Math.ceil(full - at - perMs);
    return { full, wait: wait > 0 ? wait : null };
  }
  return {
    take(limit, key) {
      const { full, wait } = next(limit, key);
      if (wait !== null) return wait;
      fullAt.delete(key);
      fullAt.set(key, full);
      const [oldest] = fullAt.keys();
      if (fullAt.size > most && oldest !== undefined) fullAt.delete(oldest);
      return null;
    },
    look: (limit, key) => next(limit, key).wait,
    giveBack({ requests, perMs }, key) {
      const full = fullAt.get(key);
      if (full !== undefined) fullAt.set(key, full - perMs / requests);
    },
  };
}
