import { rateLimited } from '../domain/kernel/errors.js';
import type { RateLimit, RateLimiter } from '../domain/kernel/rate-limit.js';
import type { Caller } from '../domain/users/types.js';

/** Counts what costs others once it has happened, and refuses who had too much of it before they do it again. */
export interface LimitAbuse {
  /** @throws DomainError `rate_limited` */
  assertFew(what: keyof typeof LIMITS, who: Doer): Promise<void>;
  count(what: keyof typeof LIMITS, who: Doer): Promise<void>;
}

interface Doer {
  readonly caller: Caller;
  /** Where the request comes from: many customers may share it, and who has many accounts has one. */
  readonly address: string;
}

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 60 * 60_000;
const LIMITS = {
  /** Declined cards: whoever tries out stolen ones has many. */
  card: {
    user: { name: 'card-user', requests: 20, perMs: HOUR_MS, always: true },
    address: { name: 'card', requests: 60, perMs: HOUR_MS, always: true },
  },
  /** Holds of stock: let go again and again they mail the staff, and those who wait for it. */
  hold: {
    user: { name: 'hold-user', requests: 30, perMs: QUARTER_MS },
    address: { name: 'hold', requests: 60, perMs: QUARTER_MS },
  },
} as const satisfies Record<string, Readonly<Record<'user' | 'address', RateLimit>>>;

export function createLimitAbuse({ limiter, on }: { readonly limiter: RateLimiter; readonly on: boolean }): LimitAbuse {
  function counted(what: keyof typeof LIMITS, { caller, address }: Doer): (readonly [RateLimit, string])[] {
    if (!on) return [];
    const limits = LIMITS[what];
    return [[limits.address, address], ...(caller.kind === 'user' ? [[limits.user, caller.userId] as const] : [])];
  }
  return {
    async assertFew(what, who) {
      for (const [limit, key] of counted(what, who)) {
        const waitMs = await limiter.look(limit, key);
        if (waitMs !== null) throw rateLimited('too many attempts; please try again later', waitMs);
      }
    },
    async count(what, who) {
      for (const [limit, key] of counted(what, who)) await limiter.take(limit, key);
    },
  };
}
