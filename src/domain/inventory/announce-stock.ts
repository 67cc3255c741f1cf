import type { EntityManager } from '@mikro-orm/postgresql';
import { publish } from '../outbox/index.js';
import { wakeNotices } from '../stock-notices/index.js';

/** Has the search index follow variants that sold out or came back, and wakes who waits for them, in the transaction that made them so. */
export async function announceStock(em: EntityManager, variantIds: readonly string[]): Promise<void> {
  const [first] = variantIds;
  if (first === undefined) return;
  const rows = await em.execute<{ product_id: string }[]>(
    `select distinct product_id from variants
     where id in (select value::uuid from jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(variantIds)],
  );
  const productIds = rows.map((row) => row.product_id);
  await publish(em, { topic: 'search.products', key: first, payload: { product_ids: productIds } });
  await wakeNotices(em, variantIds);
}
