import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { RateLimiter } from '../../domain/kernel/rate-limit.js';
import type { Log } from '../../domain/kernel/log.js';
import { whileUp } from './client.js';

/**
 * Token bucket as one number (the generic cell rate algorithm): the time at which the bucket is full again.
 * Redis' own clock, so that processes need not agree on the time. Answers 0, or the milliseconds to wait.
 */
const TAKE = `
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local every, burst = tonumber(ARGV[1]), tonumber(ARGV[2])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + every
local wait = full_at - now - burst
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', full_at), 'PX', math.ceil(full_at - now))
return 0`;

const SILENCE_MS = 60_000;

export interface RateLimiterDeps {
  readonly redis: Redis;
  readonly prefix: string;
  readonly log: Log;
}

/** Lets everything through while Redis is away. */
export function createRateLimiter({ redis, prefix, log }: RateLimiterDeps): RateLimiter {
  let warnedAt = -Infinity;
  return {
    async take({ name, requests, perMs }, caller) {
      // Hashed: a caller may be an address.
      const key = `${prefix}rate:${name}:${createHash('sha256').update(caller).digest('base64url').slice(0, 22)}`;
      const wait = await whileUp(redis, () => redis.eval(TAKE, 1, key, perMs / requests, perMs));
      if (typeof wait === 'number') return wait === 0 ? null : wait;
      if (performance.now() - warnedAt > SILENCE_MS) {
        warnedAt = performance.now();
        log.warn({ rule: name }, 'rate limits are not counted while Redis is away');
      }
      return null;
    },
  };
}
