import { newId } from '../../../src/domain/kernel/ids.js';
import {
  adjustStock,
  importStock,
  reserveStock,
  restock,
  sellReserved,
  releaseStock,
} from '../../../src/domain/inventory/index.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const reserve = (variantId: string, quantity: number, checkoutId = newId()) =>
  market.transact((em) => reserveStock(em, { checkoutId }, [{ variantId, quantity }], 60_000));
const adjust = (variantId: string, change: { delta: number } | { onHand: number }) =>
  market.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'count', ...change }));
const put = (rows: Parameters<typeof importStock>[1]) => market.transact((em) => importStock(em, rows, newId()));
const movements = (variantId: string) =>
  market.shop.rows<{ delta: number; on_hand_after: number; reason: string }>(
    `select delta, on_hand_after, reason from stock_movements where variant_id = ? and reference <> 'first' order by id`,
    [variantId],
  );

test('adjustStock, by a difference and to a count, writes a movement each; by nothing, none', async () => {
  const a = await market.variant(5);
  await expect(adjust(a, { delta: 3 })).resolves.toMatchObject({ onHand: 8 });
  await expect(adjust(a, { onHand: 2 })).resolves.toMatchObject({ onHand: 2 });
  await adjust(a, { onHand: 2 });
  await adjust(a, { delta: 0 });
  expect(await movements(a)).toEqual([
    { delta: 3, on_hand_after: 8, reason: 'adjustment' },
    { delta: -6, on_hand_after: 2, reason: 'adjustment' },
  ]);
});

test('adjustStock, to less than is reserved, to less than nothing or more than can be counted, is refused', async () => {
  const a = await market.variant(5);
  await reserve(a, 3);
  expect(await codeOf(adjust(a, { onHand: 2 }))).toBe('out_of_stock');
  expect(await codeOf(adjust(a, { delta: -6 }))).toBe('out_of_stock');
  expect(await codeOf(adjust(a, { delta: 2_147_483_647 }))).toBe('validation_failed');
  expect(await codeOf(adjust(newId(), { delta: 1 }))).toBe('not_found');
  await adjust(a, { onHand: 3 });
  expect(await market.stock(a)).toEqual([3, 3]);
});

test('adjustStock, ten times at once, loses none', async () => {
  const a = await market.variant(100);
  await Promise.all(Array.from({ length: 10 }, (_, index) => adjust(a, { delta: index % 2 === 0 ? 7 : -3 })));
  expect(await market.stock(a)).toEqual([120, 0]);
  expect(await movements(a)).toHaveLength(10);
});

test('importStock sets levels, never below what is reserved, and leaves alone what it must not replace', async () => {
  const [a, b, c] = [await market.variant(5), await market.variant(5), await market.variant(5)];
  await reserve(a, 4);
  await put([
    { variantId: a, onHand: 1, replace: true },
    { variantId: b, onHand: 9, replace: false },
    { variantId: c, onHand: 5, replace: true },
  ]);
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [4, 4],
    [5, 0],
  ]);
  expect([await movements(a), await movements(b), await movements(c)]).toEqual([
    [{ delta: -1, on_hand_after: 4, reason: 'import' }],
    [],
    [],
  ]);
});

test('importStock, with two rows for one variant, counts the later, once', async () => {
  const a = await market.variant(5);
  await put([
    { variantId: a, onHand: 7, replace: true },
    { variantId: a, onHand: 9, replace: true },
  ]);
  expect(await movements(a)).toEqual([{ delta: 4, on_hand_after: 9, reason: 'import' }]);
});

test('importStock, of a variant without a level, twice at once, makes one with one movement', async () => {
  const a = await market.variant(0);
  await market.shop.run('delete from stock_levels where variant_id = ?', [a]);
  const rows = [{ variantId: a, onHand: 6, replace: true }];
  await Promise.all([put(rows), put(rows)]);
  expect(await market.stock(a)).toEqual([6, 0]);
  expect(await movements(a)).toEqual([{ delta: 6, on_hand_after: 6, reason: 'import' }]);
});

test('importStock, while others buy and adjust, keeps movements and levels together', async () => {
  const a = await market.variant(50);
  const buy = async () => {
    const checkoutId = newId();
    await reserve(a, 1, checkoutId);
    await market.transact((em) => sellReserved(em, checkoutId, newId()));
  };
  await Promise.all(
    Array.from({ length: 24 }, (_, index) =>
      index % 3 === 0
        ? put([{ variantId: a, onHand: 40 + index, replace: true }])
        : index % 3 === 1
          ? buy()
          : adjust(a, { delta: 1 }),
    ),
  );
  expect(await market.stockFaults()).toEqual([]);
  expect((await movements(a)).filter(({ reason }) => reason === 'sale')).toHaveLength(8);
});

test('restock, however often and at once, gives an order’s goods back once, two lines of one variant together', async () => {
  const a = await market.variant(5);
  const [checkoutId, orderId] = [newId(), newId()];
  await reserve(a, 3, checkoutId);
  await market.transact((em) => sellReserved(em, checkoutId, orderId));
  const back = () =>
    market.transact((em) =>
      restock(em, orderId, [
        { variantId: a, quantity: 1 },
        { variantId: a, quantity: 2 },
      ]),
    );
  await Promise.all([back(), back(), back()]);
  await back();
  expect(await market.stock(a)).toEqual([5, 0]);
  expect((await movements(a)).map(({ reason }) => reason)).toEqual(['sale', 'restock']);
});

test('stock movements can be neither changed nor deleted', async () => {
  const a = await market.variant(5);
  await adjust(a, { delta: 1 });
  for (const sql of ['update stock_movements set delta = 2', 'delete from stock_movements', 'truncate stock_movements'])
    await expect(market.shop.run(sql, [])).rejects.toThrow('append-only');
  expect(await movements(a)).toHaveLength(1);
});

test('a level, whoever writes it, never has more reserved than on hand', async () => {
  const a = await market.variant(5);
  for (const set of ['reserved = 6', 'reserved = -1', 'on_hand = -1'])
    await expect(market.shop.run(`update stock_levels set ${set} where variant_id = ?`, [a])).rejects.toThrow(/check/i);
  await market.transact((em) => releaseStock(em, { checkoutId: newId() }, 'released'));
});

test('stock that sells out, comes back or is counted to nothing has the search index follow, and no other does', async () => {
  const variantId = await market.variant(5);
  const announced = async () => {
    const [row] = await market.shop.rows<{ count: number }>(
      `select count(*) from outbox where topic = 'search.products'
         and payload->'product_ids' @> (select jsonb_agg(product_id) from variants where id = ?)`,
      [variantId],
    );
    return row?.count;
  };
  const before = (await announced()) ?? 0;
  const sell = async (quantity: number) => {
    const [checkoutId, orderId] = [newId(), newId()];
    await reserve(variantId, quantity, checkoutId);
    await market.transact((em) => sellReserved(em, checkoutId, orderId));
    return orderId;
  };
  await sell(2);
  expect(await announced()).toBe(before);
  const orderId = await sell(3);
  expect(await announced()).toBe(before + 1);
  await market.transact((em) => restock(em, orderId, [{ variantId, quantity: 3 }]));
  expect(await announced()).toBe(before + 2);
  await adjust(variantId, { delta: 1 });
  expect(await announced()).toBe(before + 2);
  await adjust(variantId, { onHand: 0 });
  expect(await announced()).toBe(before + 3);
});

test('stock that is reserved to the last piece, and given back, has the search index follow each time', async () => {
  const variantId = await market.variant(2);
  const announced = () =>
    market.shop.rows(
      `select 1 from outbox where topic = 'search.products'
         and payload->'product_ids' @> (select jsonb_agg(product_id) from variants where id = ?)`,
      [variantId],
    );
  const [first, second] = [newId(), newId()];
  await reserve(variantId, 1, first);
  const before = (await announced()).length;
  await reserve(variantId, 1, second);
  expect(await announced()).toHaveLength(before + 1);
  await market.transact((em) => releaseStock(em, { checkoutId: second }, 'released'));
  expect(await announced()).toHaveLength(before + 2);
  await market.transact((em) => releaseStock(em, { checkoutId: second }, 'released'));
  await market.transact((em) => releaseStock(em, { checkoutId: first }, 'released'));
  expect(await announced()).toHaveLength(before + 2);
});

test('sellReserved, when more is reserved for the checkout while it waits, writes a movement for all it sells', async () => {
  const [a, b, checkoutId] = [await market.variant(5), await market.variant(5), newId()];
  await reserve(a, 1, checkoutId);
  const other = await market.holdOpen((em) =>
    em.execute('select from stock_levels where variant_id = ? for update', [a]),
  );
  const sold = market.transact((em) => sellReserved(em, checkoutId, newId()));
  await market.untilBlocked();
  await reserve(b, 2, checkoutId);
  await other.commit();
  expect(await sold).toHaveLength(2);
  expect(await movements(b)).toEqual([{ delta: -2, on_hand_after: 3, reason: 'sale' }]);
});
