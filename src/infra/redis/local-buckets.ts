import type { RateLimit } from '../../domain/kernel/rate-limit.js';

export interface LocalBuckets {
  /** Null, or the milliseconds to wait. */
  take(limit: RateLimit, key: string): number | null;
}

/** The limiter's rule for this process alone: what is left of a limit while nobody else counts. Forgets the oldest first. */
export function createLocalBuckets({ most, now }: { readonly most: number; readonly now: () => number }): LocalBuckets {
  const fullAt = new Map<string, number>();
  return {
    take({ requests, perMs }, key) {
      const at = now();
      const next = Math.max(fullAt.get(key) ?? 0, at) + perMs / requests;
      const wait = next - at - perMs;
      if (wait > 0) return Math.ceil(wait);
      fullAt.delete(key);
      fullAt.set(key, next);
      const [oldest] = fullAt.keys();
      if (fullAt.size > most && oldest !== undefined) fullAt.delete(oldest);
      return null;
    },
  };
}
