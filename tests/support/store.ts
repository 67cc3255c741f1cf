import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { freshDatabase } from './database.js';
import { createShop } from './shop.js';

/** A migrated database of its own with rows to sell: for tests of use cases without the API. */
export async function openStore() {
  const database = await freshDatabase();
  const orm = createOrm({ url: database.url, poolMax: 8 });
  const query = createQuery(orm);
  return {
    url: database.url,
    orm,
    query,
    transact: createTransact(orm),
    shop: createShop(query),
    async close(): Promise<void> {
      await orm.close(true);
      await database.drop();
    },
  };
}

export type TestStore = Awaited<ReturnType<typeof openStore>>;
