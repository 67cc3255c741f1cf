import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { notFound } from '../kernel/errors.js';
import { newId } from '../kernel/ids.js';
import { alertLowStock } from './alert-low-stock.js';
import { announceStock } from './announce-stock.js';
import { adjust, turned } from './stock.js';
import { lockLevels } from './store.js';
import type { StockLevel } from './types.js';

/**
 * A stock move by hand: by `delta`, or to `onHand`.
 * @throws DomainError `not_found`; `out_of_stock` when less would be on hand than is reserved
 */
export async function adjustStock(
  em: EntityManager,
  change: {
    readonly variantId: string;
    readonly actorId: string;
    readonly note: string;
    readonly requestId?: string;
  } & ({ readonly delta: number } | { readonly onHand: number }),
): Promise<StockLevel> {
  const level = (await lockLevels(em, [change.variantId])).get(change.variantId);
  if (level === undefined) throw notFound('variant');
  const delta = 'delta' in change ? change.delta : change.onHand - level.onHand;
  const next = adjust(level, delta);
  if (delta === 0) return next;
  const id = newId();
  await em.execute(
    `with moved as (
       insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference, note, actor_id)
       values (?, ?, ?, ?, 'adjustment', ?, ?, ?)
     )
     update stock_levels set on_hand = ?, updated_at = now() where variant_id = ?`,
    [id, change.variantId, delta, next.onHand, id, change.note, change.actorId, next.onHand, change.variantId],
    'run',
  );
  await writeAudit(em, {
    actor: { type: 'user', id: change.actorId },
    action: 'stock.adjusted',
    object: { type: 'variant', id: change.variantId },
    data: { delta, onHand: next.onHand },
    ...(change.requestId === undefined ? {} : { requestId: change.requestId }),
  });
  if (turned(level, next)) await announceStock(em, [change.variantId]);
  await alertLowStock(em, [{ before: level, after: next }]);
  return next;
}
