import { createHoldActivities } from '../../../src/activities/holds.js';
import {
  endHold,
  extendHold,
  findOverdueHolds,
  holdCart,
  readHold,
  releaseHold,
} from '../../../src/domain/holds/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { codeOf, openMarket, type CartLine, type Market } from '../../support/builders/market.js';

const HOLD = 300_000;

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const hold = (cartId: string) => market.transact((em) => holdCart(em, cartId, HOLD));
const extend = (cartId: string) => market.transact((em) => extendHold(em, cartId, HOLD));
const release = (cartId: string) => market.transact((em) => releaseHold(em, cartId));
const expire = (holdId: string) => createHoldActivities({ ...market, warningMs: 60_000 }).expireHold({ holdId });
/** The hold's time is up, by the database's clock. */
const pass = async (holdId: string) => {
  await market.shop.run(`update cart_holds set expires_at = now() - interval '1 minute' where id = ?`, [holdId]);
  await market.shop.run(`update reservations set expires_at = now() - interval '1 minute' where hold_id = ?`, [holdId]);
};
const auditOf = (holdId: string) => market.shop.rows('select action from audit_log where object_id = ?', [holdId]);

async function held(quantity = 2) {
  const variantId = await market.variant(5);
  const cartId = await market.cart([{ variantId, quantity }]);
  return { variantId, cartId, hold: await hold(cartId) };
}
/** A cart whose hold is live and whose checkout is accepted, its lines changed in between. */
async function heldThenChanged(before: readonly CartLine[], after: readonly CartLine[], gone: readonly string[] = []) {
  const cartId = await market.cart(before);
  const { id } = await hold(cartId);
  for (const line of after) await market.put(cartId, line);
  for (const variantId of gone)
    await market.shop.run('delete from cart_lines where cart_id = ? and variant_id = ?', [cartId, variantId]);
  return { cartId, holdId: id, checkoutId: (await market.accept(cartId)).checkoutId };
}

test('holdCart takes the whole cart’s stock, once, however often and at once it is asked', async () => {
  const variantId = await market.variant(5);
  const cartId = await market.cart([{ variantId, quantity: 2 }]);
  const answers = await Promise.all([hold(cartId), hold(cartId), hold(cartId)]);
  expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
  expect(answers[0]).toMatchObject({ state: 'live', extended: false, cartId });
  expect(answers.every(({ remainingMs }) => remainingMs > 250_000 && remainingMs <= HOLD)).toBe(true);
  expect(await market.stock(variantId)).toEqual([5, 2]);
});

test('holdCart, of an empty, ordered, unknown or short cart, is refused', async () => {
  expect(await codeOf(hold(await market.cart([])))).toBe('cart_empty');
  expect(await codeOf(hold(newId()))).toBe('not_found');
  const [a, b] = [await market.variant(5), await market.variant(1)];
  const short = await market.cart([{ variantId: a }, { variantId: b, quantity: 2 }]);
  expect(await codeOf(hold(short))).toBe('out_of_stock');
  expect(await market.stock(a)).toEqual([5, 0]);
  await market.shop.orderCart(short);
  expect(await codeOf(hold(short))).toBe('not_found');
});

test('holding, extending and releasing, while a checkout is under way, are refused', async () => {
  const { cartId } = await held();
  await market.accept(cartId);
  for (const work of [hold, extend, release]) expect(await codeOf(work(cartId))).toBe('checkout_in_progress');
});

test('holdCart, when the last hold’s time is up and its flow is late, ends that one and holds anew', async () => {
  const { variantId, cartId, hold: old } = await held();
  await pass(old.id);
  const fresh = await hold(cartId);
  expect(fresh.id).not.toBe(old.id);
  expect(fresh.remainingMs).toBeGreaterThan(0);
  expect(await market.stock(variantId)).toEqual([5, 2]);
  await expect(market.query((em) => readHold(em, old.id))).resolves.toMatchObject({ state: 'expired' });
  expect(await auditOf(old.id)).toEqual([{ action: 'reservation.expired' }]);
});

test('extendHold moves the end of hold and rows, once', async () => {
  const { cartId, hold: before } = await held();
  const after = await extend(cartId);
  expect(Date.parse(after.expiresAt) - Date.parse(before.expiresAt)).toBe(HOLD);
  expect(after.extended).toBe(true);
  await expect(
    market.shop.rows<{ expires_at: string }>('select distinct expires_at from reservations where hold_id = ?', [
      before.id,
    ]),
  ).resolves.toEqual([{ expires_at: after.expiresAt }]);
  expect(await codeOf(extend(cartId))).toBe('invalid_transition');
});

test('extendHold, twice at once, extends once', async () => {
  const { cartId } = await held();
  const answers = await Promise.all([codeOf(extend(cartId)), codeOf(extend(cartId))]);
  expect(answers.sort()).toEqual(['done', 'invalid_transition']);
});

test('extendHold, when the time is up or nothing is held, is not found', async () => {
  const { cartId, hold: over } = await held();
  await pass(over.id);
  expect(await codeOf(extend(cartId))).toBe('not_found');
  expect(await codeOf(extend(await market.cart([])))).toBe('not_found');
});

test('releaseHold gives the stock back once; then nothing is held', async () => {
  const { variantId, cartId } = await held();
  const answers = await Promise.all([codeOf(release(cartId)), codeOf(release(cartId))]);
  expect(answers.sort()).toEqual(['done', 'not_found']);
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

test('expireHold, before the database says that the time is up, changes nothing; after it, ends the hold once', async () => {
  const { variantId, hold: live } = await held();
  expect(await expire(live.id)).toBe(false);
  expect(await market.stock(variantId)).toEqual([5, 2]);
  await pass(live.id);
  const answers = await Promise.all([expire(live.id), expire(live.id)]);
  expect(answers.filter(Boolean)).toEqual([true]);
  expect(await market.stock(variantId)).toEqual([5, 0]);
  await expect(market.shop.rows('select state from reservations where hold_id = ?', [live.id])).resolves.toEqual([
    { state: 'expired' },
  ]);
  expect(await auditOf(live.id)).toEqual([{ action: 'reservation.expired' }]);
});

test('findOverdueHolds finds live holds past their time and grace, and no others', async () => {
  const [over, live, ended] = [await held(), await held(), await held()];
  for (const each of [over, ended]) await pass(each.hold.id);
  await expire(ended.hold.id);
  const found = (graceMs: number) => market.query((em) => findOverdueHolds(em, graceMs, 1_000));
  expect(await found(15_000)).toContain(over.hold.id);
  expect(await found(15_000)).not.toContain(live.hold.id);
  expect(await found(15_000)).not.toContain(ended.hold.id);
  expect(await found(90_000)).not.toContain(over.hold.id);
});

test('a checkout, of a cart that is held, takes the hold over, exactly', async () => {
  const other = await held();
  const variantId = await market.variant(2);
  const { holdId, checkoutId } = await heldThenChanged([{ variantId, quantity: 2 }], []);
  await market.reserve(checkoutId);
  expect(await market.stock(variantId)).toEqual([2, 2]);
  await expect(market.query((em) => readHold(em, holdId))).resolves.toMatchObject({ state: 'handed_over' });
  await expect(market.query((em) => readHold(em, other.hold.id))).resolves.toMatchObject({ state: 'live' });
  await market.place(checkoutId);
  expect(await market.stock(variantId)).toEqual([0, 0]);
});

test('a checkout, of a cart that grew, shrank and changed since it was held, reserves what is in the cart', async () => {
  const [more, less, gone, added] = await Promise.all([1, 2, 3, 4].map(() => market.variant(4)));
  if (more === undefined || less === undefined || gone === undefined || added === undefined)
    throw new Error('no variants');
  const { checkoutId } = await heldThenChanged(
    [
      { variantId: more, quantity: 1 },
      { variantId: less, quantity: 4 },
      { variantId: gone, quantity: 3 },
    ],
    [
      { variantId: more, quantity: 4 },
      { variantId: less, quantity: 1 },
      { variantId: added, quantity: 2 },
    ],
    [gone],
  );
  await market.reserve(checkoutId);
  expect(await Promise.all([more, less, gone, added].map((variantId) => market.stock(variantId)))).toEqual([
    [4, 4],
    [4, 1],
    [4, 0],
    [4, 2],
  ]);
});

test('a checkout, of a cart that grew beyond what is left, is refused and the hold stays', async () => {
  const variantId = await market.variant(4);
  const { holdId, checkoutId } = await heldThenChanged([{ variantId, quantity: 3 }], [{ variantId, quantity: 5 }]);
  await expect(market.reserve(checkoutId)).rejects.toMatchObject({
    code: 'out_of_stock',
    data: { variants: [{ variantId, available: 4 }] },
  });
  expect(await market.stock(variantId)).toEqual([4, 3]);
  await expect(market.query((em) => readHold(em, holdId))).resolves.toMatchObject({ state: 'live' });
});

test('a hold that expires while its checkout takes it over goes to one of them', async () => {
  for (let round = 0; round < 15; round += 1) {
    const variantId = await market.variant(2);
    const { holdId, checkoutId } = await heldThenChanged([{ variantId, quantity: 2 }], []);
    await pass(holdId);
    const [reserved, expired] = await Promise.all([codeOf(market.reserve(checkoutId)), expire(holdId)]);
    // Either way the checkout gets the stock: from the hold, or after it was given back.
    expect(reserved).toBe('done');
    expect(await market.stock(variantId)).toEqual([2, 2]);
    const { state } = await market.query((em) => readHold(em, holdId));
    expect(state).toBe(expired ? 'expired' : 'handed_over');
  }
});

test('a hold that is handed over, when its flow wakes up, is left alone', async () => {
  const variantId = await market.variant(2);
  const { holdId, checkoutId } = await heldThenChanged([{ variantId, quantity: 2 }], []);
  await pass(holdId);
  const handing = await market.holdOpen((em) => market.reserveIn(em, checkoutId));
  const expired = expire(holdId);
  await market.untilBlocked();
  await handing.commit();
  expect(await expired).toBe(false);
  expect(await market.transact((em) => endHold(em, holdId, 'released'))).toBe(false);
  expect(await market.stock(variantId)).toEqual([2, 2]);
});

test('holdCart, when twenty carts are held from one address, refuses the next, also many at once', async () => {
  const variantId = await market.variant(50);
  const address = newId();
  const carts = await Promise.all(Array.from({ length: 25 }, () => market.cart([{ variantId, quantity: 1 }])));
  const from = (cartId: string) => market.transact((em) => holdCart(em, cartId, HOLD, address));
  const codes = await Promise.all(
    carts.map((cartId) =>
      from(cartId).then(
        () => 'held',
        (error: { code: string }) => error.code,
      ),
    ),
  );
  expect(codes.filter((code) => code === 'held')).toHaveLength(20);
  expect(codes.filter((code) => code === 'hold_limit')).toHaveLength(5);
  expect(await market.stock(variantId)).toEqual([50, 20]);

  const own = carts[codes.indexOf('held')] ?? '';
  await expect(from(own)).resolves.toMatchObject({ cartId: own, state: 'live' });
});

test('holdCart, of two carts from one address whose old holds are over, waits for the address before any stock', async () => {
  const variantId = await market.variant(5);
  const address = newId();
  const carts = [await market.cart([{ variantId }]), await market.cart([{ variantId }])];
  const [first = '', second = ''] = carts;
  await pass((await hold(first)).id);
  // Once each, so that a deadlock shows: the transactions of the shop would run again.
  const once = (cartId: string) => market.orm.em.fork().transactional((em) => holdCart(em, cartId, HOLD, address));
  const stock = await market.holdOpen((em) =>
    em.execute('select from stock_levels where variant_id = ? for update', [variantId]),
  );
  const answers = [codeOf(once(first))];
  await market.untilBlocked(1);
  answers.push(codeOf(once(second)));
  await market.untilBlocked(2);
  await stock.commit();
  expect(await Promise.all(answers)).toEqual(['done', 'done']);
  expect(await market.stock(variantId)).toEqual([5, 2]);
});
