import { rateLimited } from '../domain/kernel/errors.js';
import type { RateLimit, RateLimiter } from '../domain/kernel/rate-limit.js';

/**
 * Counts a try and refuses who tries too much for one account; whether the account exists makes no difference. A right
 * password is no guess: `right` takes its count back. `address`: where the request comes from.
 * @throws DomainError `rate_limited`
 */
export type LimitGuesses = (
  what: keyof typeof LIMITS,
  account: string,
  address: string,
) => Promise<{ right(): Promise<void> }>;

interface GuessLimit extends RateLimit {
  /** Whether each address has a count of its own, so that nobody uses up the tries of the owner. */
  readonly byAddress: boolean;
}

const QUARTER_MS = 15 * 60_000;
const HOUR_MS = 60 * 60_000;
const LIMITS = {
  password: [
    { name: 'password', requests: 30, perMs: QUARTER_MS, byAddress: true, always: true },
    // against many addresses together; above what it takes to annoy one customer
    { name: 'password-account', requests: 1_000, perMs: QUARTER_MS, byAddress: false, always: true },
  ],
  mail: [
    { name: 'mail', requests: 5, perMs: HOUR_MS, byAddress: true, always: true },
    { name: 'mail-account', requests: 20, perMs: HOUR_MS, byAddress: false, always: true },
  ],
  // apart, so that who waits for much can still reset a password
  notice: [
    { name: 'notice', requests: 20, perMs: HOUR_MS, byAddress: true, always: true },
    { name: 'notice-account', requests: 60, perMs: HOUR_MS, byAddress: false, always: true },
  ],
} as const satisfies Record<string, readonly GuessLimit[]>;

export const createLimitGuesses =
  ({ limiter, on }: { readonly limiter: RateLimiter; readonly on: boolean }): LimitGuesses =>
  async (what, account, address) => {
    const limits: readonly GuessLimit[] = on ? LIMITS[what] : [];
    const key = ({ byAddress }: GuessLimit): string => (byAddress ? `${account} ${address}` : account);
    for (const limit of limits) {
      const waitMs = await limiter.take(limit, key(limit));
      if (waitMs !== null) throw rateLimited('too many attempts; please try again later', waitMs);
    }
    return {
      async right() {
        for (const limit of limits) await limiter.giveBack(limit, key(limit));
      },
    };
  };
