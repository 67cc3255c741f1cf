import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { announceStock } from './announce-stock.js';
import { available, byVariant } from './stock.js';
import { lockLevels, lockLevelsOf, ownerColumn } from './store.js';
import type { ReservationOwner, StockLevel, StockLine } from './types.js';

/**
 * Gives reserved stock back. Idempotent, and harmless when nothing was reserved.
 * @returns the number of rows ended by this call
 */
export async function releaseStock(
  em: EntityManager,
  owner: ReservationOwner,
  state: 'released' | 'expired',
): Promise<number> {
  const levels = await lockLevelsOf(em, owner);
  if (levels.length === 0) return 0;
  const { column, id } = ownerColumn(owner);
  const rows = await em.execute<unknown[]>(
    `with closed as (
       update reservations set state = ?, closed_at = now()
       where ${column} = ? and state = 'live' returning variant_id, quantity
     )
     update stock_levels s set reserved = s.reserved - c.quantity, updated_at = now()
     from closed c where s.variant_id = c.variant_id returning s.variant_id`,
    [state, id],
  );
  if (rows.length > 0) await announceStock(em, soldOut(levels));
  return rows.length;
}

/**
 * Gives these reservation rows back, whosever they are; those that ended before are left alone.
 * @returns the number of rows ended by this call
 */
export async function releaseRows(
  em: EntityManager,
  ids: readonly string[],
  state: 'released' | 'expired',
): Promise<number> {
  if (ids.length === 0) return 0;
  const json = JSON.stringify(ids);
  const levels = await em.execute<{ variantId: string; soldOut: boolean }[]>(
    `select variant_id as "variantId", on_hand = reserved as "soldOut" from stock_levels
     where variant_id in (
       select variant_id from reservations
       where id in (select value::uuid from jsonb_array_elements_text(?::jsonb)) and state = 'live')
     order by variant_id for update`,
    [json],
  );
  const [row] = await em.execute<{ ended: number }[]>(
    `with closed as (
       update reservations set state = ?, closed_at = now()
       where id in (select value::uuid from jsonb_array_elements_text(?::jsonb)) and state = 'live'
       returning variant_id, quantity
     ), given as (
       update stock_levels s set reserved = s.reserved - c.quantity, updated_at = now()
       from (select variant_id, sum(quantity) as quantity from closed group by variant_id) c
       where s.variant_id = c.variant_id
     )
     select count(*) as ended from closed`,
    [state, json],
  );
  await announceStock(
    em,
    levels.filter(({ soldOut }) => soldOut).map(({ variantId }) => variantId),
  );
  return row?.ended ?? 0;
}

/**
 * Deducts what a checkout reserved, with a `sale` movement per variant.
 * @returns the lines whose rows were still live; the caller compares them with what it sells
 */
export async function sellReserved(em: EntityManager, checkoutId: string, orderId: string): Promise<StockLine[]> {
  const levels = await lockLevelsOf(em, { checkoutId });
  if (levels.length === 0) return [];
  const rows = await em.execute<{ variant_id: string; quantity: number }[]>(
    `with closed as (
       update reservations set state = 'placed', closed_at = now()
       where checkout_id = ? and state = 'live' returning variant_id, quantity
     ), sold as (
       update stock_levels s set on_hand = s.on_hand - c.quantity, reserved = s.reserved - c.quantity, updated_at = now()
       from closed c where s.variant_id = c.variant_id
       returning s.variant_id, s.on_hand, c.quantity
     ), moved as (
       insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference)
       select uuidv7(), variant_id, -quantity, on_hand, 'sale', ? from sold
     )
     select variant_id, quantity from sold`,
    [checkoutId, orderId],
  );
  // what was reserved could not be bought before either: the search index has nothing to follow
  return rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity }));
}

/** Puts an order's goods back on the shelf; once per order and variant, however often it is called. */
export async function restock(em: EntityManager, orderId: string, lines: readonly StockLine[]): Promise<void> {
  const returned = byVariant(lines);
  const levels = await lockLevels(
    em,
    returned.map((line) => line.variantId),
  );
  if (levels.size === 0) return;
  const rows = returned.map((line) => ({ id: newId(), variant_id: line.variantId, quantity: line.quantity }));
  await em.execute(
    `with returned as (
       select * from jsonb_to_recordset(?::jsonb) as r (id uuid, variant_id uuid, quantity integer)
     ), moved as (
       insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference)
       select r.id, r.variant_id, r.quantity, s.on_hand + r.quantity, 'restock', ?
       from returned r join stock_levels s using (variant_id)
       on conflict do nothing
       returning variant_id, delta
     )
     update stock_levels s set on_hand = s.on_hand + m.delta, updated_at = now()
     from moved m where s.variant_id = m.variant_id`,
    [JSON.stringify(rows), orderId],
    'run',
  );
  await announceStock(em, soldOut([...levels.values()]));
}

const soldOut = (levels: readonly StockLevel[]): string[] =>
  levels.filter((level) => available(level) === 0).map((level) => level.variantId);
