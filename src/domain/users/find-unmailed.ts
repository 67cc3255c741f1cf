import type { EntityManager } from '@mikro-orm/postgresql';

/** Requests whose link was not mailed yet, by id: password resets, and confirmations of addresses. */
export async function findUnmailed(
  em: EntityManager,
): Promise<{ readonly resets: readonly string[]; readonly confirmations: readonly string[] }> {
  const resets = await em.execute<{ id: string }[]>(
    `select id from password_resets where status = 'requested' order by id`,
  );
  const confirmations = await em.execute<{ id: string }[]>(
    `select c.id from email_confirmations c join users u on u.id = c.user_id
     where c.sent_at is null and c.used_at is null and u.email_verified_at is null and u.disabled_at is null
     order by c.id`,
  );
  return { resets: resets.map(({ id }) => id), confirmations: confirmations.map(({ id }) => id) };
}
