import type { EntityManager } from '@mikro-orm/postgresql';
import { releaseRows } from '../inventory/index.js';

/** How much a sweep ends in one transaction. */
export interface Lot {
  /** Keeps the sweep off flows that are at their end right now. Milliseconds. */
  readonly graceMs: number;
  /** Reservation rows, so that their stock is locked for a moment only. */
  readonly limit: number;
}

/**
 * Ends live holds whose time is up and whose flow did not end them, oldest first, with an audit entry for each: until they
 * had `limit` reservation rows, and one hold at least. Leaves alone what somebody else is ending.
 * @returns the number of holds ended; 0 when none was left
 */
export async function endOverdueHolds(em: EntityManager, { graceMs, limit }: Lot): Promise<number> {
  const overdue = await em.execute<{ id: string; rows: readonly string[] }[]>(
    `with overdue as materialized (
       select id, expires_at from cart_holds
       where state = 'live' and expires_at < now() - ? * interval '1 millisecond'
       order by expires_at, id limit ? for update skip locked
     )
     select id, (select coalesce(jsonb_agg(r.id), '[]') from reservations r
                  where r.hold_id = o.id and r.state = 'live') as rows
     from overdue o order by expires_at, id`,
    [graceMs, limit],
  );
  const lot = firstWithRows(overdue, limit);
  if (lot.length === 0) return 0;
  await em.execute(
    `with ended as (
       update cart_holds set state = 'expired', closed_at = now()
       where id in (select value::uuid from jsonb_array_elements_text(?::jsonb)) returning id
     )
     insert into audit_log (actor_type, action, object_type, object_id)
     select 'system', 'reservation.expired', 'hold', id from ended`,
    [JSON.stringify(lot.map(({ id }) => id))],
    'run',
  );
  await releaseRows(
    em,
    lot.flatMap(({ rows }) => rows),
    'expired',
  );
  return lot.length;
}

function firstWithRows<T extends { readonly rows: readonly unknown[] }>(holds: readonly T[], limit: number): T[] {
  let before = 0;
  return holds.filter(({ rows }) => {
    const fits = before < limit;
    before += rows.length;
    return fits;
  });
}

/**
 * Gives back what is still reserved past its time though its owner is gone: a hold that ended or never was, a checkout that
 * was closed or never was. No flow leaves such rows; a repair by hand may.
 * @returns the number of reservation rows ended
 */
export async function releaseOwnerless(em: EntityManager, { graceMs, limit }: Lot): Promise<number> {
  const rows = await em.execute<{ id: string }[]>(
    `select r.id from reservations r
     where r.state = 'live' and r.expires_at < now() - ? * interval '1 millisecond'
       and not exists (select from cart_holds h where h.id = r.hold_id and h.state = 'live')
       and not exists (select from checkouts k where k.id = r.checkout_id and k.closed_at is null)
     order by r.expires_at limit ?`,
    [graceMs, limit],
  );
  // An owner that is gone does not come back, so these may go whatever happens meanwhile.
  return releaseRows(
    em,
    rows.map(({ id }) => id),
    'expired',
  );
}
