import { DomainError } from '../domain/kernel/errors.js';
import type { RateLimit, RateLimiter } from '../domain/kernel/rate-limit.js';

/** Refuses who tries too much for one account or address, from however many places. @throws DomainError `rate_limited` */
export type LimitGuesses = (what: keyof typeof LIMITS, account: string) => Promise<void>;

/** Whether the account exists makes no difference. */
const LIMITS = {
  password: { name: 'password', requests: 30, perMs: 15 * 60_000 },
  mail: { name: 'mail', requests: 20, perMs: 60 * 60_000 },
} as const satisfies Record<string, RateLimit>;

export const createLimitGuesses =
  ({ limiter, on }: { readonly limiter: RateLimiter; readonly on: boolean }): LimitGuesses =>
  async (what, account) => {
    const waitMs = on ? await limiter.take(LIMITS[what], account) : null;
    if (waitMs !== null)
      throw new DomainError('rate_limited', 'too many attempts for this account', {
        retryAfterS: Math.ceil(waitMs / 1_000),
      });
  };
