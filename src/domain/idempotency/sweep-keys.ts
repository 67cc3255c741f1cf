import type { EntityManager } from '@mikro-orm/postgresql';

/** Deletes up to `limit` expired keys and answers how many there were. */
export async function sweepIdempotencyKeys(em: EntityManager, limit = 1_000): Promise<number> {
  const deleted = await em.execute<{ key: string }[]>(
    `delete from idempotency_keys where (caller, key) in (
       select caller, key from idempotency_keys where expires_at <= now() order by expires_at limit ? for update skip locked)
     returning key`,
    [limit],
  );
  return deleted.length;
}
