import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { renewCheckoutIds } from '../cart/index.js';
import { newId } from '../kernel/ids.js';
import { endAllSessions } from '../users/index.js';

export interface Restore {
  readonly id: string;
  /** The last that the database knows of the shop. ISO 8601. */
  readonly lostSince: string;
  /** Open carts that got another checkout id. */
  readonly carts: number;
  /** Sessions that ended. */
  readonly sessions: number;
}

/** The last that is known of a shop; whatever it does is in one of them. */
const LAST = `select coalesce(max(at), to_timestamp(0)) from (
  (select at from checkout_steps order by id desc limit 1) union all (select at from audit_log order by id desc limit 1)
) known`;

/** Whether nothing happened in the shop since a restore was written down. */
export async function isNoted(em: EntityManager): Promise<boolean> {
  const [row] = await em.execute<{ noted: boolean }[]>(
    `select exists (select from restores where restored_at >= (${LAST})) as noted`,
  );
  return row?.noted === true;
}

/**
 * Writes down that the database went back to an earlier time, once for each time it did; null: it is written down already.
 * Money that came since may be of checkouts that were forgotten. What may have been used meanwhile is not used again: an open
 * cart may have been paid for under its checkout id, a session may have been ended.
 */
export async function noteRestore(em: EntityManager): Promise<Restore | null> {
  await em.execute('lock table restores in share row exclusive mode', [], 'run');
  if (await isNoted(em)) return null;
  const id = newId();
  const [restore] = await em.execute<{ lostSince: string }[]>(
    `insert into restores (id, lost_since) values (?, (${LAST})) returning lost_since as "lostSince"`,
    [id],
  );
  if (restore === undefined) throw new Error('an insert answers its row');
  const carts = await renewCheckoutIds(em);
  const sessions = await endAllSessions(em, 'database_restored');
  const { lostSince } = restore;
  await writeAudit(em, {
    actor: { type: 'system' },
    action: 'database.restored',
    object: { type: 'database', id },
    data: { lost_since: lostSince, carts, sessions },
  });
  return { id, lostSince, carts, sessions };
}
