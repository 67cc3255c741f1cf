import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../../src/domain/kernel/ids.js';
import {
  extendReservation,
  releaseRows,
  releaseStock,
  reserveStock,
  sellReserved,
  type ReservationOwner,
  type StockLine,
} from '../../../src/domain/inventory/index.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const line = (variantId: string, quantity: number): StockLine => ({ variantId, quantity });
const anyone = (): { checkoutId: string } => ({ checkoutId: newId() });
const reserve = (owner: ReservationOwner, ...lines: StockLine[]) =>
  market.transact((em) => reserveStock(em, owner, lines, 60_000));
const release = (owner: ReservationOwner, state: 'released' | 'expired' = 'released') =>
  market.transact((em) => releaseStock(em, owner, state));
const sell = (checkoutId: string) => market.transact((em) => sellReserved(em, checkoutId, newId()));
const statesOf = async ({ checkoutId }: { checkoutId: string }) =>
  (
    await market.shop.rows<{ state: string }>('select state from reservations where checkout_id = ? order by id', [
      checkoutId,
    ])
  ).map(({ state }) => state);

test('reserveStock, with enough of everything, takes it and says when it ends', async () => {
  const [a, b] = [await market.variant(5), await market.variant(2)];
  const owner = anyone();
  const before = Date.now();
  const { expiresAt } = await reserve(owner, line(a, 5), line(b, 1));
  expect(Date.parse(expiresAt) - before).toBeGreaterThan(50_000);
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [5, 5],
    [2, 1],
  ]);
});

test('reserveStock, when some are short, names them all and takes nothing', async () => {
  const [a, b, c] = [await market.variant(5), await market.variant(2), await market.variant(0)];
  const none = newId();
  await reserve(anyone(), line(b, 1));
  await expect(reserve(anyone(), line(c, 1), line(a, 5), line(b, 2), line(none, 1))).rejects.toMatchObject({
    code: 'out_of_stock',
    data: {
      variants: [
        { variantId: b, available: 1 },
        { variantId: c, available: 0 },
        { variantId: none, available: 0 },
      ].sort((x, y) => (x.variantId < y.variantId ? -1 : 1)),
    },
  });
  expect(await market.stock(a)).toEqual([5, 0]);
});

test('reserveStock, for two lines of one variant, counts them together', async () => {
  const a = await market.variant(5);
  expect(await codeOf(reserve(anyone(), line(a, 3), line(a, 3)))).toBe('out_of_stock');
  await reserve(anyone(), line(a, 3), line(a, 2));
  expect(await market.stock(a)).toEqual([5, 5]);
});

test('releaseStock, twice and at once, gives back once', async () => {
  const a = await market.variant(5);
  const owner = anyone();
  await reserve(owner, line(a, 3));
  await reserve(anyone(), line(a, 2));
  const ended = await Promise.all([release(owner), release(owner), release(owner)]);
  expect(ended.filter((count) => count > 0)).toEqual([1]);
  expect(await release(owner, 'expired')).toBe(0);
  expect([await market.stock(a), await statesOf(owner)]).toEqual([[5, 2], ['released']]);
});

test('releaseStock, for one who never reserved, does nothing', async () => {
  expect(await release(anyone())).toBe(0);
  expect(await release({ holdId: newId() })).toBe(0);
});

test('sellReserved, twice, at once or after release, deducts only what was live', async () => {
  const a = await market.variant(9);
  const [sold, released] = [anyone(), anyone()];
  await reserve(sold, line(a, 2));
  await reserve(released, line(a, 3));
  await release(released, 'expired');
  expect(await sell(released.checkoutId)).toEqual([]);
  const answers = await Promise.all([sell(sold.checkoutId), sell(sold.checkoutId)]);
  expect(answers.sort((x, y) => x.length - y.length)).toEqual([[], [line(a, 2)]]);
  expect(await market.stock(a)).toEqual([7, 0]);
  expect([await statesOf(sold), await statesOf(released)]).toEqual([['placed'], ['expired']]);
});

test('sellReserved, of rows of which one was ended by hand, deducts the others alone', async () => {
  const [a, b] = [await market.variant(9), await market.variant(9)];
  const one = anyone();
  await reserve(one, line(a, 2), line(b, 3));
  const [row] = await market.shop.rows<{ id: string }>('select id from reservations where variant_id = ?', [a]);
  await market.transact((em) => releaseRows(em, [row?.id ?? ''], 'released'));
  expect(await sell(one.checkoutId)).toEqual([line(b, 3)]);
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [9, 0],
    [6, 0],
  ]);
});

test('sellReserved and releaseStock, for the same rows at once, have one winner', async () => {
  for (let round = 0; round < 15; round += 1) {
    const a = await market.variant(4);
    const owner = anyone();
    await reserve(owner, line(a, 4));
    const [sold, ended] = await Promise.all([sell(owner.checkoutId), release(owner)]);
    expect(sold.length + ended).toBe(1);
    expect(await market.stock(a)).toEqual(sold.length === 1 ? [0, 0] : [4, 0]);
  }
});

test('50 buyers of one piece each, where there are 10, get exactly 10', async () => {
  const a = await market.variant(10);
  const owners = Array.from({ length: 50 }, anyone);
  const answers = await Promise.all(owners.map((owner) => codeOf(reserve(owner, line(a, 1)))));
  expect(answers.filter((answer) => answer === 'done')).toHaveLength(10);
  expect(answers.filter((answer) => answer === 'out_of_stock')).toHaveLength(40);
  const sold = await Promise.all(owners.map((owner) => sell(owner.checkoutId)));
  expect(sold.flat()).toHaveLength(10);
  expect(await market.stock(a)).toEqual([0, 0]);
});

test('reserveStock, of the same variants in opposite order at once, never deadlocks', async () => {
  const variants = await Promise.all(Array.from({ length: 6 }, () => market.variant(1_000)));
  // Without `transact`, which would run a transaction again that a deadlock ended.
  const once = <T>(work: (em: EntityManager) => Promise<T>) => market.orm.em.fork().transactional(work);
  const answers = Array.from({ length: 40 }, async (_, index) => {
    const lines = variants.map((variantId) => line(variantId, 1));
    const owner = anyone();
    await once((em) => reserveStock(em, owner, index % 2 === 0 ? lines : lines.reverse(), 60_000));
    if (index % 3 === 0) await once((em) => releaseStock(em, owner, 'released'));
    if (index % 3 === 1) await once((em) => sellReserved(em, owner.checkoutId, newId()));
  });
  expect(new Set(await Promise.all(answers.map(codeOf)))).toEqual(new Set(['done']));
});

test('extendReservation, after the end or after release, changes nothing', async () => {
  const a = await market.variant(5);
  const [live, over, released] = [anyone(), anyone(), anyone()];
  for (const owner of [live, over, released]) await reserve(owner, line(a, 1));
  await market.shop.run(`update reservations set expires_at = now() where checkout_id = ?`, [over.checkoutId]);
  await release(released);
  const extend = (owner: ReservationOwner) => market.transact((em) => extendReservation(em, owner, 1_000));
  expect([await extend(live), await extend(over), await extend(released)]).toEqual([true, false, false]);
});
