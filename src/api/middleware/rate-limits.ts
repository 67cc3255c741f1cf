import type { Context } from 'koa';
import { rateLimited } from '../../domain/kernel/errors.js';
import type { RateLimit, RateLimiter } from '../../domain/kernel/rate-limit.js';
import type { Caller } from '../../domain/users/types.js';
import type { Endpoint } from '../endpoint.js';
import { addressOf } from './address.js';

const MINUTE_MS = 60_000;
/** By address: many customers may share one. */
const STRICT: RateLimit = { name: 'strict', requests: 30, perMs: MINUTE_MS, always: true };
const GUEST: RateLimit = { name: 'guest', requests: 1_200, perMs: MINUTE_MS };
const USER: RateLimit = { name: 'user', requests: 600, perMs: MINUTE_MS };

export type LimitRate = (ctx: Context, endpoint: Endpoint, caller: Caller | null) => Promise<void>;

/**
 * Counts a request: by its address where the endpoint is strict and no caller is known yet, then by its user.
 * Guests count by address, as they could make up cart tokens. @throws DomainError `rate_limited`
 */
export function createLimitRate({ limiter, on }: { readonly limiter: RateLimiter; readonly on: boolean }): LimitRate {
  return async (ctx, endpoint, caller) => {
    if (!on || endpoint.rateLimit === 'none' || (caller === null && !isStrict(endpoint))) return;
    const wait =
      caller === null
        ? await limiter.take(STRICT, addressOf(ctx))
        : caller.kind === 'user'
          ? await limiter.take(USER, caller.userId)
          : await limiter.take(GUEST, addressOf(ctx));
    if (wait !== null) throw rateLimited('too many requests; please slow down', wait);
  };
}

const isStrict = ({ rateLimit, path, method }: Endpoint): boolean =>
  rateLimit === 'strict' || (path.startsWith('/auth/') && method !== 'get');
