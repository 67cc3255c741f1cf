import { randomBytes } from 'node:crypto';
import { changeProduct, changeVariant } from '../../../src/domain/catalogue/index.js';
import {
  adjustStock,
  countReservedAgain,
  importStock,
  releaseRows,
  releaseStock,
  reserveStock,
  restock,
} from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { askForNotice } from '../../../src/domain/stock-notices/index.js';
import type { Caller } from '../../../src/domain/users/types.js';
import { createLineSource } from '../../../src/infra/files/line-source.js';
import { importInto, importLine } from '../../support/catalogue.js';
import { openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const adjust = (variantId: string, delta: number) =>
  market.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'count', delta }));
const reserve = async (variantId: string, quantity: number): Promise<string> => {
  const checkoutId = newId();
  await market.transact((em) => reserveStock(em, { checkoutId }, [{ variantId, quantity }], 60_000));
  return checkoutId;
};
const ask = (variantId: string) =>
  market.transact((em) =>
    askForNotice(
      { em, cipher: market.cipher },
      { id: newId(), variantId, email: `${randomBytes(4).toString('hex')}@example.com`, userId: null },
    ),
  );
/** How often the flow of a variant was asked for. */
const wakes = async (variantId: string): Promise<number> =>
  (await market.shop.rows(`select 1 from outbox where topic = 'stock.back' and key = ?`, [variantId])).length;

/** A variant that sold out with `stock` in open checkouts, and somebody who waits for it. */
async function soldOut(stock: number): Promise<{ variantId: string; checkoutId: string }> {
  const variantId = await market.variant(stock);
  const checkoutId = await reserve(variantId, stock);
  await ask(variantId);
  return { variantId, checkoutId };
}

test.each<[string, (sold: { variantId: string; checkoutId: string }) => Promise<unknown>]>([
  ['is adjusted', ({ variantId }) => adjust(variantId, 1)],
  [
    'is imported',
    ({ variantId }) => market.transact((em) => importStock(em, [{ variantId, onHand: 9, replace: true }], newId())),
  ],
  [
    'was reserved by a checkout that ended',
    ({ checkoutId }) => market.transact((em) => releaseStock(em, { checkoutId }, 'released')),
  ],
  [
    'was reserved by what the sweep ends',
    async ({ checkoutId }) => {
      const rows = await market.shop.rows<{ id: string }>('select id from reservations where checkout_id = ?', [
        checkoutId,
      ]);
      await market.transact((em) =>
        releaseRows(
          em,
          rows.map(({ id }) => id),
          'expired',
        ),
      );
    },
  ],
  [
    'goes back on the shelf',
    ({ variantId }) => market.transact((em) => restock(em, newId(), [{ variantId, quantity: 1 }])),
  ],
  [
    'was counted as reserved and is not',
    async ({ variantId, checkoutId }) => {
      await market.shop.run(`update reservations set state = 'released', closed_at = now() where checkout_id = ?`, [
        checkoutId,
      ]);
      await market.transact((em) => countReservedAgain(em, variantId));
    },
  ],
])('stock that %s, where somebody waits for it, has them told: once', async (_, change) => {
  const sold = await soldOut(2);
  expect(await wakes(sold.variantId)).toBe(0);
  await change(sold);
  expect(await wakes(sold.variantId)).toBe(1);
});

test('stock that comes back where nobody waits, more of what is there, and a sale have nobody told', async () => {
  const alone = await market.variant(0);
  await adjust(alone, 1);
  expect(await wakes(alone)).toBe(0);
  const { variantId, checkoutId } = await soldOut(2);
  await market.transact((em) => releaseStock(em, { checkoutId }, 'released'));
  await adjust(variantId, 1);
  await reserve(variantId, 3);
  expect(await wakes(variantId)).toBe(1);
});

test('a product that is published again, and a variant that is no longer retired, have those told who wait', async () => {
  const admin: Caller = {
    kind: 'user',
    userId: await market.shop.user({ roles: ['admin'] }),
    sessionId: newId(),
    tier: null,
    vendorId: null,
    roles: ['admin'],
    permissions: new Set(['catalogue:write']),
    shopPermissions: new Set(['catalogue:write']),
    cartToken: null,
  };
  const editor = { caller: admin, requestId: 'r', ifMatch: null };
  const { productId, variantId } = await market.shop.product({ stock: 0 });
  await ask(variantId);
  await market.shop.run(`update products set status = 'draft' where id = ?`, [productId]);
  await market.transact((em) => changeProduct(em, editor, productId, { status: 'published' }));
  expect(await wakes(variantId)).toBe(1);
  await market.transact((em) => changeVariant(em, editor, variantId, { status: 'active' }));
  expect(await wakes(variantId)).toBe(2);
});

test('a retired variant that an import lists again has those told who wait; an import that changes nothing tells nobody', async () => {
  const importAgain = () =>
    importInto({ ...market, source: createLineSource() }, [
      importLine({ sku: 'SHIRT', variants: [{ sku: 'SHIRT', options: { size: 'M' } }] }),
    ]);
  await importAgain();
  const [row] = await market.shop.rows<{ id: string }>(`select id from variants where sku = 'SHIRT'`);
  const variantId = row?.id ?? '';
  await market.shop.setStock(variantId, 0);
  await ask(variantId);
  await importAgain();
  expect(await wakes(variantId)).toBe(0);
  await market.shop.retire(variantId);
  await importAgain();
  expect(await wakes(variantId)).toBe(1);
});
