import type { Config } from '../../src/config.js';
import { adjustStock } from '../../src/domain/inventory/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createTransact } from '../../src/infra/db/transact.js';
import { createRandom } from './random.js';

const SHELVES = 400;
/** One shelf in so many is soon empty. */
const SCARCE = 3;

/** What is on the shelves: some of it enough for the run, some of it gone within minutes. */
export async function stockShelves({ database }: Pick<Config, 'database'>, seed: number): Promise<void> {
  const random = createRandom(seed);
  const orm = createOrm({ url: database.url, poolMax: 2, applicationName: 'perdure-chaos' });
  const transact = createTransact(orm);
  try {
    await transact(async (em) => {
      const goods = await em.execute<{ id: string }[]>(
        `select v.id from variants v join products p on p.id = v.product_id join stock_levels s on s.variant_id = v.id
         where v.status = 'active' and p.status = 'published' order by v.id limit ?`,
        [SHELVES],
      );
      const actorId = newId();
      for (const { id } of goods) {
        const onHand = random.between(1, SCARCE) === 1 ? random.between(2, 12) : random.between(200, 2_000);
        await adjustStock(em, { variantId: id, onHand, actorId, note: 'chaos' });
      }
    });
  } finally {
    await orm.close(true);
  }
}
