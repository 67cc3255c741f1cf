import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { announceStock } from './announce-stock.js';
import { byVariant } from './stock.js';
import { lockLevels, lockLevelsOf, ownerColumn } from './store.js';
import type { ReservationOwner, StockLine } from './types.js';

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
  return rows.length;
}

/**
 * Deducts what a checkout reserved, with a `sale` movement per variant.
 * @returns the lines whose rows were still live; the caller compares them with what it sells
 */
export async function sellReserved(em: EntityManager, checkoutId: string, orderId: string): Promise<StockLine[]> {
  const levels = await lockLevelsOf(em, { checkoutId });
  if (levels.length === 0) return [];
  const rows = await em.execute<{ variant_id: string; quantity: number; on_hand: number }[]>(
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
     select variant_id, quantity, on_hand from sold`,
    [checkoutId, orderId],
  );
  await announceStock(
    em,
    rows.filter((row) => row.on_hand === 0).map((row) => row.variant_id),
  );
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
  await announceStock(
    em,
    [...levels.values()].filter((level) => level.onHand === 0).map((level) => level.variantId),
  );
}
