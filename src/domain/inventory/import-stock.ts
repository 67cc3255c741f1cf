import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { wakeNotices } from '../stock-notices/index.js';
import { alertLowStock } from './alert-low-stock.js';
import type { StockLevel } from './types.js';

export interface ImportedStock {
  readonly variantId: string;
  readonly onHand: number;
  /** False leaves a level that exists as it is. */
  readonly replace: boolean;
}

/**
 * Sets stock from an import, in one statement for any number of rows, with an `import` movement for each
 * change. Never below what is reserved. Of two rows for one variant the later counts.
 */
export async function importStock(em: EntityManager, rows: readonly ImportedStock[], importId: string): Promise<void> {
  if (rows.length === 0) return;
  const input = [...new Map(rows.map((row) => [row.variantId, row])).values()].map((row) => ({
    id: newId(),
    variant_id: row.variantId,
    on_hand: row.onHand,
    replace: row.replace,
  }));
  const changed = await em.execute<(StockLevel & { readonly was: number })[]>(
    `with input as (
       select * from jsonb_to_recordset(?::jsonb) as i (id uuid, variant_id uuid, on_hand integer, replace boolean)
     ), before as (
       select s.variant_id, s.on_hand, s.reserved, s.low_at from stock_levels s
       where s.variant_id in (select variant_id from input) order by s.variant_id for update
     ), added as (
       insert into stock_levels (variant_id, on_hand)
       select variant_id, on_hand from input where variant_id not in (select variant_id from before)
       on conflict do nothing
       returning variant_id, on_hand
     ), changed as (
       update stock_levels s set on_hand = greatest(i.on_hand, s.reserved), updated_at = now()
       from input i join before b using (variant_id)
       where s.variant_id = i.variant_id and i.replace and s.on_hand <> greatest(i.on_hand, s.reserved)
       returning s.variant_id, s.on_hand, s.reserved, s.low_at, b.on_hand as was
     ), moved as (
       insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference)
       select i.id, m.variant_id, m.delta, m.on_hand, 'import', ?
       from (
         select variant_id, on_hand, on_hand as delta from added where on_hand <> 0
         union all select variant_id, on_hand, on_hand - was from changed
       ) m join input i using (variant_id)
       where m.delta <> 0
     )
     select variant_id as "variantId", on_hand as "onHand", reserved, low_at as "lowAt", was from changed`,
    [JSON.stringify(input), importId],
  );
  const changes = changed.map(({ was, ...after }) => ({ before: { ...after, onHand: was }, after }));
  await alertLowStock(em, changes);
  await wakeNotices(
    em,
    input.map((row) => row.variant_id),
  );
}
