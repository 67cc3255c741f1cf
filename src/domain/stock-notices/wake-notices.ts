import type { EntityManager } from '@mikro-orm/postgresql';
import { publishAll } from '../outbox/index.js';

/**
 * Has those told who wait for variants that came back, in the transaction that brought them. It must hold the locks of their
 * stock, so that nobody asks beside it unseen.
 */
export const wakeNotices = (em: EntityManager, variantIds: readonly string[]): Promise<void> =>
  wake(
    em,
    `variant_id in (select s.variant_id from stock_levels s join jsonb_array_elements_text(?::jsonb) w on s.variant_id = w.value::uuid
       where s.on_hand > s.reserved)`,
    variantIds,
  );

/**
 * The same where products may be on sale again. Stock is not looked at: what comes in beside this change is not seen yet, and the
 * flow that is started looks for itself.
 */
export const wakeNoticesOf = (em: EntityManager, productIds: readonly string[]): Promise<void> =>
  wake(
    em,
    'variant_id in (select v.id from variants v join jsonb_array_elements_text(?::jsonb) w on v.product_id = w.value::uuid)',
    productIds,
  );

async function wake(em: EntityManager, which: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const waitedFor = await em.execute<{ variant_id: string }[]>(
    `select distinct variant_id from stock_notices where state = 'open' and ${which}`,
    [JSON.stringify(ids)],
  );
  await publishAll(
    em,
    'stock.back',
    waitedFor.map(({ variant_id: variantId }) => ({ key: variantId, payload: { variantId } })),
  );
}
