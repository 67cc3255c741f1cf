import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RateLimit, RateLimiter } from '../../domain/kernel/rate-limit.js';
import type { Log } from '../../domain/kernel/log.js';
import { whileUp } from './client.js';
import { createLocalBuckets } from './local-buckets.js';

/**
 * Token bucket as one number (the generic cell rate algorithm): the time at which the bucket is full again.
 * Redis' own clock, so that processes need not agree on the time. Answers 0, or the milliseconds to wait. A third argument of
 * 'look' counts nothing.
 */
const TAKE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + every
local wait = full_at - now - burst
if wait > 0 then return math.ceil(wait) end
if ARGV[3] == 'look' then return 0 end
redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now))
return 0`;

const GIVE_BACK = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local full_at = tonumber(redis.call('GET', KEYS[1]) or 0) - tonumber(ARGV[1])
if full_at > now then
  redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now))
else
  redis.call('DEL', KEYS[1])
end
return 0`;

const SILENCE_MS = 60_000;
const LOCAL_BUCKETS_MAX = 50_000;

export interface RateLimiterDeps {
  readonly redis: Redis;
  readonly prefix: string;
  readonly log: Log;
}

/** While Redis is away, lets through all but what is `always` counted: that each process then counts alone. */
export function createRateLimiter({ redis, prefix, log }: RateLimiterDeps): RateLimiter {
  let warnedAt = -Infinity;
  const local = createLocalBuckets({ most: LOCAL_BUCKETS_MAX, now: () => performance.now() });
  // Hashed: a caller may be an address.
  const keyOf = ({ name }: RateLimit, caller: string): string =>
    `${prefix}rate:${name}:${createHash('sha256').update(caller).digest('base64url').slice(0, 22)}`;
  async function ask(how: 'take' | 'look', limit: RateLimit, caller: string): Promise<number | null> {
    const { name, requests, perMs } = limit;
    const key = keyOf(limit, caller);
    const wait = await whileUp(redis, () => redis.eval(TAKE, 1, key, perMs / requests, perMs, how));
    if (typeof wait === 'number') return wait === 0 ? null : wait;
    if (performance.now() - warnedAt > SILENCE_MS) {
      warnedAt = performance.now();
      log.warn({ rule: name }, 'rate limits are not shared while Redis is away');
    }
    return limit.always === true ? local[how](limit, key) : null;
  }
  return {
    take: (limit, caller) => ask('take', limit, caller),
    look: (limit, caller) => ask('look', limit, caller),
    async giveBack(limit, caller) {
      const key = keyOf(limit, caller);
      const given = await whileUp(redis, () => redis.eval(GIVE_BACK, 1, key, limit.perMs / limit.requests));
      if (typeof given !== 'number') local.giveBack(limit, key);
    },
  };
}
