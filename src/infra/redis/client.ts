import { Redis } from 'ioredis';
import type { Log } from '../../domain/kernel/log.js';

/**
 * Connects in the background and for as long as it takes. Nothing waits for Redis: a command while it is away,
 * or one slower than a quarter of a second, fails at once, and every user of it goes on without.
 */
export function connectRedis({ url, log }: { readonly url: string; readonly log: Log }): Redis {
  const redis = new Redis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    commandTimeout: 250,
    connectTimeout: 2_000,
    retryStrategy: (times) => Math.min(100 * 2 ** times, 3_000),
  });
  let down = false;
  redis.on('error', (error: Error) => {
    if (down) return;
    down = true;
    log.warn({ error }, 'Redis is not reachable; going on without it');
  });
  redis.on('ready', () => {
    if (down) log.info({}, 'Redis is reachable again');
    down = false;
  });
  return redis;
}

/** Null when Redis is away or fails: never a reason to refuse a request. */
export async function whileUp<T>(redis: Redis, command: () => Promise<T>): Promise<T | null> {
  if (redis.status !== 'ready') return null;
  try {
    return await command();
  } catch {
    return null;
  }
}
