import { endOverdueHolds, extendHold, holdCart, readHold, releaseOwnerless } from '../../../src/domain/holds/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';
import { overdueHolds } from '../../support/overdue-holds.js';

const HOLD = 300_000;
const GRACE = 15_000;

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const endLot = (limit: number) => market.transact((em) => endOverdueHolds(em, { graceMs: GRACE, limit }));
const releaseLot = (limit: number) => market.transact((em) => releaseOwnerless(em, { graceMs: GRACE, limit }));
const stateOf = async (holdId: string) => (await market.query((em) => readHold(em, holdId))).state;

async function held(variantIds: readonly string[], overdue = true): Promise<{ cartId: string; holdId: string }> {
  const cartId = await market.cart(variantIds.map((variantId) => ({ variantId })));
  const { id } = await market.transact((em) => holdCart(em, cartId, HOLD));
  if (overdue) {
    const late = `set expires_at = now() - interval '1 minute' where`;
    await market.shop.run(`update cart_holds ${late} id = ?`, [id]);
    await market.shop.run(`update reservations ${late} hold_id = ?`, [id]);
  }
  return { cartId, holdId: id };
}
const variants = (count: number, stock = 5) => Promise.all(Array.from({ length: count }, () => market.variant(stock)));

test('endOverdueHolds ends what is overdue, lot by lot, with an audit entry for each, and nothing else', async () => {
  const [a = '', b = ''] = await Promise.all([1, 2].map(() => market.variant(100)));
  await overdueHolds(market.query, [a, b], 25);
  const young = await held([a], false);

  const lots: number[] = [];
  for (let ended = -1; ended !== 0; lots.push(ended)) ended = await endLot(10);
  expect(lots).toEqual([10, 10, 5, 0]);
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [100, 1],
    [100, 0],
  ]);
  expect(await stateOf(young.holdId)).toBe('live');
  const trail = await market.shop.rows(
    `select from audit_log l join cart_holds h on h.id::text = l.object_id
     where l.action = 'reservation.expired' and h.state = 'expired' and h.closed_at is not null`,
  );
  expect(trail).toHaveLength(25);
  expect(await market.shop.rows(`select distinct state from reservations where hold_id <> ?`, [young.holdId])).toEqual([
    { state: 'expired' },
  ]);
});

test('endOverdueHolds, of holds with many rows, takes whole ones until a lot is full', async () => {
  const ids = await variants(6);
  for (let count = 0; count < 3; count += 1) await held(ids);
  expect([await endLot(7), await endLot(7), await endLot(7)]).toEqual([2, 1, 0]);
  const large = await held(ids);
  expect(await endLot(1)).toBe(1);
  expect(await stateOf(large.holdId)).toBe('expired');
  expect(await Promise.all(ids.map((id) => market.stock(id)))).toEqual(ids.map(() => [5, 0]));
});

test('endOverdueHolds, within the grace of a flow that is at its end, leaves the hold to it', async () => {
  const [variantId = ''] = await variants(1);
  const { holdId } = await held([variantId], false);
  await market.shop.run(`update cart_holds set expires_at = now() - interval '5 seconds' where id = ?`, [holdId]);
  expect(await endLot(10)).toBe(0);
  await market.shop.run(`update cart_holds set expires_at = now() - interval '20 seconds' where id = ?`, [holdId]);
  expect(await endLot(10)).toBe(1);
});

test('endOverdueHolds, of one that is being handed over, passes it by and ends the others', async () => {
  const [first = '', second = ''] = await variants(2);
  const [bought, left] = [await held([first]), await held([second])];
  const { checkoutId } = await market.accept(bought.cartId);
  const handing = await market.holdOpen((em) => market.reserveIn(em, checkoutId));
  expect(await endLot(10)).toBe(1);
  await handing.commit();
  expect([await stateOf(bought.holdId), await stateOf(left.holdId)]).toEqual(['handed_over', 'expired']);
  expect(await endLot(10)).toBe(0);
  expect([await market.stock(first), await market.stock(second)]).toEqual([
    [5, 1],
    [5, 0],
  ]);
});

test('endOverdueHolds, of the last piece, has the search index follow, as releaseOwnerless does', async () => {
  const [last = '', of = ''] = await variants(2, 1);
  const [plenty = ''] = await variants(1);
  const announced = async (variantId: string) =>
    (
      await market.shop.rows(
        `select from outbox o, variants v where v.id = ? and o.topic = 'search.products'
           and o.payload->'product_ids' @> to_jsonb(v.product_id::text)`,
        [variantId],
      )
    ).length;
  await held([last, plenty]);
  const gone = await held([of]);
  await market.shop.run(`update cart_holds set state = 'released', closed_at = now() where id = ?`, [gone.holdId]);
  const before = [await announced(last), await announced(of), await announced(plenty)];

  expect([await endLot(10), await releaseLot(10)]).toEqual([1, 1]);
  expect([await announced(last), await announced(of), await announced(plenty)]).toEqual([
    Number(before[0]) + 1,
    Number(before[1]) + 1,
    before[2],
  ]);
});

test('endOverdueHolds, many at once, ends each hold once', async () => {
  const ids = await Promise.all([1, 2, 3].map(() => market.variant(100)));
  await overdueHolds(market.query, ids, 60);
  const ended = await Promise.all(Array.from({ length: 8 }, () => endLot(10)));
  let sum = ended.reduce((total, each) => total + each, 0);
  for (let more = -1; more !== 0; sum += more) more = await endLot(100);
  expect(sum).toBe(60);
  expect(await Promise.all(ids.map((id) => market.stock(id)))).toEqual(ids.map(() => [100, 0]));
});

test('extending a hold, once the sweep has ended it, is not found', async () => {
  const [variantId = ''] = await variants(1);
  const { cartId } = await held([variantId]);
  const sweeping = await market.holdOpen((em) => endOverdueHolds(em, { graceMs: GRACE, limit: 10 }));
  const extended = codeOf(market.transact((em) => extendHold(em, cartId, HOLD)));
  await market.untilBlocked();
  await sweeping.commit();
  expect(await extended).toBe('not_found');
});

test('releaseOwnerless gives back, in lots, rows whose hold or checkout ended or never was, and no others', async () => {
  const [variantId = ''] = await variants(1, 100);
  const closed = await market.reserved([{ variantId }]);
  const open = await market.reserved([{ variantId }]);
  const [gone, live] = [await held([variantId]), await held([variantId])];
  await market.shop.run(`update cart_holds set state = 'released', closed_at = now() where id = ?`, [gone.holdId]);
  await market.shop.run(`update checkouts set closed_at = now(), status = 'cancelled' where id = ?`, [
    closed.checkoutId,
  ]);
  await market.shop.run(
    `insert into reservations (id, variant_id, quantity, hold_id, expires_at) values (?, ?, 3, ?, now())`,
    [newId(), variantId, newId()],
  );
  await market.shop.run('update stock_levels set reserved = reserved + 3 where variant_id = ?', [variantId]);
  const past = `update reservations set expires_at = now() - interval '1 minute' where variant_id = ?`;

  expect(await releaseLot(10)).toBe(1);
  await market.shop.run(past, [variantId]);
  expect([await releaseLot(1), await releaseLot(10), await releaseLot(10)]).toEqual([1, 1, 0]);
  const left = await market.shop.rows<{ owner: string }>(
    `select coalesce(hold_id, checkout_id) as owner from reservations where variant_id = ? and state = 'live'`,
    [variantId],
  );
  expect(new Set(left.map(({ owner }) => owner))).toEqual(new Set([open.checkoutId, live.holdId]));
  expect(await market.stock(variantId)).toEqual([100, 2]);
});
