import type { Redis } from 'ioredis';
import type { SessionCache } from '../../domain/users/ports.js';
import type { SessionAuthority } from '../../domain/users/types.js';

export interface SessionCacheOptions {
  /** Its commands time out; one that is not connected is not asked. */
  readonly redis: Redis;
  readonly prefix: string;
  readonly ttlMs?: number;
}

/** How long a forgotten session is not kept again, so that a slow read cannot bring back what was true before. */
const FORGOTTEN_MS = 10_000;
const FORGOTTEN = '-';

export function createSessionCache({ redis, prefix, ttlMs = 30_000 }: SessionCacheOptions): SessionCache {
  const key = (sessionId: string): string => `${prefix}session:${sessionId}`;
  return {
    async read(sessionId) {
      const text = await orNothing(redis, () => redis.get(key(sessionId)));
      return text === null || text === FORGOTTEN ? null : (JSON.parse(text) as SessionAuthority);
    },
    async keep(sessionId, authority) {
      await orNothing(redis, () => redis.set(key(sessionId), JSON.stringify(authority), 'PX', ttlMs, 'NX'));
    },
    async forget(sessionIds) {
      if (sessionIds.length === 0) return;
      const pipeline = redis.pipeline();
      for (const id of sessionIds) pipeline.set(key(id), FORGOTTEN, 'PX', FORGOTTEN_MS);
      await orNothing(redis, () => pipeline.exec());
    },
  };
}

/** PostgreSQL knows everything: without Redis requests are slower, never refused. */
async function orNothing<T>(redis: Redis, command: () => Promise<T>): Promise<T | null> {
  if (redis.status !== 'ready') return null;
  try {
    return await command();
  } catch {
    return null;
  }
}
