import type { EntityManager } from '@mikro-orm/postgresql';
import type { ReservationOwner, StockLevel } from './types.js';

/**
 * Locks stock rows in variant order, the one order everywhere, so that two transactions never wait for
 * each other in a circle. Later statements of the transaction see what is locked.
 */
export async function lockLevels(em: EntityManager, variantIds: readonly string[]): Promise<Map<string, StockLevel>> {
  const rows = await em.execute<LevelRow[]>(
    `select variant_id, on_hand, reserved, low_at from stock_levels
     where variant_id in (select value::uuid from jsonb_array_elements_text(?::jsonb))
     order by variant_id for update`,
    [JSON.stringify(variantIds)],
  );
  return new Map(rows.map((row) => [row.variant_id, toLevel(row)]));
}

/** Locks the stock rows behind an owner's live reservations; empty when none is live. */
export async function lockLevelsOf(em: EntityManager, owner: ReservationOwner): Promise<StockLevel[]> {
  const { column, id } = ownerColumn(owner);
  const rows = await em.execute<LevelRow[]>(
    `select variant_id, on_hand, reserved, low_at from stock_levels
     where variant_id in (select variant_id from reservations where ${column} = ? and state = 'live')
     order by variant_id for update`,
    [id],
  );
  return rows.map(toLevel);
}

/** The column an owner's rows carry; never from input. */
export const ownerColumn = (owner: ReservationOwner): { column: 'checkout_id' | 'hold_id'; id: string } =>
  'checkoutId' in owner ? { column: 'checkout_id', id: owner.checkoutId } : { column: 'hold_id', id: owner.holdId };

interface LevelRow {
  readonly variant_id: string;
  readonly on_hand: number;
  readonly reserved: number;
  readonly low_at: number | null;
}

const toLevel = (row: LevelRow): StockLevel => ({
  variantId: row.variant_id,
  onHand: row.on_hand,
  reserved: row.reserved,
  lowAt: row.low_at,
});
