import type { Redis } from 'ioredis';
import type { SessionCache } from '../../domain/users/ports.js';
import type { SessionAuthority } from '../../domain/users/types.js';
import { whileUp } from './client.js';

export interface SessionCacheOptions {
  readonly redis: Redis;
  readonly prefix: string;
  readonly ttlMs?: number;
}

/** How long a forgotten session is not kept again, so that a slow read cannot bring back what was true before. */
const FORGOTTEN_MS = 10_000;
const FORGOTTEN = '-';

/** How long a session that ended passes here when Redis failed just as it was to be forgotten. */
const KEPT_MS = 10_000;

/** PostgreSQL knows everything: without Redis requests are slower, never refused. */
export function createSessionCache({ redis, prefix, ttlMs = KEPT_MS }: SessionCacheOptions): SessionCache {
  const key = (sessionId: string): string => `${prefix}session:${sessionId}`;
  return {
    async read(sessionId) {
      const text = await whileUp(redis, () => redis.get(key(sessionId)));
      return text === null || text === FORGOTTEN ? null : (JSON.parse(text) as SessionAuthority);
    },
    async keep(sessionId, authority) {
      await whileUp(redis, () => redis.set(key(sessionId), JSON.stringify(authority), 'PX', ttlMs, 'NX'));
    },
    async forget(sessionIds) {
      if (sessionIds.length === 0) return;
      const pipeline = redis.pipeline();
      for (const id of sessionIds) pipeline.set(key(id), FORGOTTEN, 'PX', FORGOTTEN_MS);
      await whileUp(redis, () => pipeline.exec());
    },
  };
}
