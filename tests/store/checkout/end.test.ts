import { beginAuthorisation, closeCheckout, placeCheckout } from '../../../src/domain/checkout/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { authorised, codeOf, openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const reserved = async () => {
  const variantId = await market.variant(5);
  return { variantId, ...(await market.reserved([{ variantId, quantity: 2 }])) };
};
const attemptsOf = (checkoutId: string) =>
  market.shop.rows<{ state: string }>('select state from payment_attempts where checkout_id = ?', [checkoutId]);
const cartRow = async (cartId: string) =>
  (
    await market.shop.rows<{ checkout_id: string; status: string; version: number }>(
      'select checkout_id, status, version from carts where id = ?',
      [cartId],
    )
  )[0];

test('beginAuthorisation, after the close, is refused by the tombstone', async () => {
  const { checkoutId } = await reserved();
  await expect(market.shut(checkoutId)).resolves.toEqual({ placed: false });
  expect(await codeOf(market.begin(checkoutId))).toBe('invalid_transition');
  expect(await attemptsOf(checkoutId)).toEqual([{ state: 'tombstoned' }]);
});

test('closeCheckout, after the authorisation began, leaves the attempt to be voided', async () => {
  const { checkoutId } = await reserved();
  await market.begin(checkoutId);
  await market.shut(checkoutId);
  expect(await attemptsOf(checkoutId)).toEqual([{ state: 'begun' }]);
  expect(await codeOf(market.begin(checkoutId))).toBe('invalid_transition');
});

test('closeCheckout, while an authorisation is being begun, waits and finds it', async () => {
  const { checkoutId } = await reserved();
  const beginning = await market.holdOpen((em) => beginAuthorisation(em, checkoutId, 1));
  const shut = market.shut(checkoutId);
  await market.untilBlocked();
  await beginning.commit();
  await shut;
  expect(await attemptsOf(checkoutId)).toEqual([{ state: 'begun' }]);
});

test('beginAuthorisation, while the checkout is being closed, waits and is refused', async () => {
  const { checkoutId } = await reserved();
  const closing = await market.holdOpen((em) => closeCheckout(em, checkoutId));
  const begun = codeOf(market.begin(checkoutId));
  await market.untilBlocked();
  await closing.commit();
  expect(await begun).toBe('invalid_transition');
  expect(await attemptsOf(checkoutId)).toEqual([{ state: 'tombstoned' }]);
});

test('beginning and closing, when both wait for the checkout, do not wait for each other', async () => {
  const { checkoutId } = await reserved();
  const other = await market.holdOpen((em) =>
    em.execute('select from checkouts where id = ? for update', [checkoutId]),
  );
  // Without `transact`, which would run the close again that a deadlock ended.
  const shut = codeOf(market.orm.em.fork().transactional((em) => closeCheckout(em, checkoutId)));
  await market.untilBlocked(1);
  const begun = codeOf(market.begin(checkoutId));
  await market.untilBlocked(2);
  await other.commit();
  expect(await Promise.all([shut, begun])).toEqual(['done', 'done']);
  expect(await attemptsOf(checkoutId)).toEqual([{ state: 'begun' }]);
});

test('beginning and closing, at the same moment, agree on who was first', async () => {
  for (let round = 0; round < 20; round += 1) {
    const { checkoutId } = await reserved();
    const [begun] = await Promise.all([codeOf(market.begin(checkoutId)), market.shut(checkoutId)]);
    const [{ state } = { state: 'none' }] = await attemptsOf(checkoutId);
    expect([begun, state]).toEqual(begun === 'done' ? ['done', 'begun'] : ['invalid_transition', 'tombstoned']);
  }
});

test('beginAuthorisation, repeated, continues the same attempt; with another quote it is refused', async () => {
  const { checkoutId } = await reserved();
  const first = await market.begin(checkoutId);
  await expect(market.begin(checkoutId)).resolves.toEqual({ ...first, repeated: true });
  expect(first.request).toMatchObject({ key: `${checkoutId}:authorise:1`, amount: { amount: 2_499, currency: 'USD' } });
  await market.shop.run('update checkouts set total_amount = 1 where id = ?', [checkoutId]);
  await expect(market.begin(checkoutId)).rejects.toThrow('begun with other parameters');
});

test('beginAuthorisation, before stock is reserved, is refused', async () => {
  const { checkoutId } = await market.accept(await market.cart([{ variantId: await market.variant(1) }]));
  expect(await codeOf(market.begin(checkoutId))).toBe('invalid_transition');
});

test('settleAuthorisation, after the close, writes the intent for the undo and leaves the checkout closed', async () => {
  const { checkoutId } = await reserved();
  await market.begin(checkoutId);
  await market.shut(checkoutId);
  await market.settle(checkoutId, { kind: 'needs_customer', intentId: 'pi_late' });
  expect(await market.checkoutRow(checkoutId)).toMatchObject({ status: 'authorising', closing: true });
  await expect(
    market.shop.rows('select intent_id from payment_attempts where checkout_id = ?', [checkoutId]),
  ).resolves.toEqual([{ intent_id: 'pi_late' }]);
});

test('endUnpaid gives the stock back and frees the cart under a new checkout id, once', async () => {
  const { variantId, cartId, checkoutId } = await reserved();
  const before = await cartRow(cartId);
  await market.shut(checkoutId);
  await Promise.all([
    market.end(checkoutId, 'failed'),
    market.end(checkoutId, 'expired'),
    market.end(checkoutId, 'failed'),
  ]);
  const after = await cartRow(cartId);
  expect(await market.stock(variantId)).toEqual([5, 0]);
  expect(after).toMatchObject({ status: 'open', version: (before?.version ?? 0) + 1 });
  expect(after?.checkout_id).not.toBe(checkoutId);
  const steps = await market.stepsOf(checkoutId);
  expect(steps.slice(0, 2)).toEqual(['stock_reserved', 'stock_released']);
  expect(steps).toHaveLength(3);
  expect(await codeOf(market.accept(cartId))).toBe('done');
});

test('endUnpaid, when the time was up, marks the rows expired and writes it to the audit log once', async () => {
  const { checkoutId } = await reserved();
  await market.shut(checkoutId);
  await market.end(checkoutId, 'expired');
  await market.end(checkoutId, 'expired');
  await expect(market.shop.rows('select state from reservations where checkout_id = ?', [checkoutId])).resolves.toEqual(
    [{ state: 'expired' }],
  );
  await expect(
    market.shop.rows('select action, data from audit_log where object_id = ?', [checkoutId]),
  ).resolves.toEqual([{ action: 'reservation.expired', data: { variants: 1 } }]);
});

test('endUnpaid, when nothing was reserved, says nothing of stock', async () => {
  const { checkoutId } = await market.accept(await market.cart([]));
  await market.shut(checkoutId);
  await market.end(checkoutId, 'failed');
  expect(await market.stepsOf(checkoutId)).toEqual(['failed']);
});

test('closeCheckout, once it was said how the checkout ends, answers that to whoever comes with another ending', async () => {
  const { checkoutId } = await market.accept(await market.cart([{ variantId: await market.variant(5), quantity: 1 }]));
  const close = (ending: Parameters<typeof closeCheckout>[2]) =>
    market.transact((em) => closeCheckout(em, checkoutId, ending));
  const soldOut = { status: 'failed', code: 'out_of_stock', data: { variants: [{ available: 5 }] } } as const;
  await expect(close(soldOut)).resolves.toEqual({ placed: false });
  const refused = { status: 'failed', code: 'invalid_transition', data: {} } as const;
  await expect(close(refused)).resolves.toEqual({ placed: false, ended: soldOut });
  await expect(close(null)).resolves.toEqual({ placed: false, ended: soldOut });
});

test('closeCheckout and endUnpaid, of a placed checkout, change nothing', async () => {
  const { variantId, cartId, checkoutId } = await reserved();
  await market.place(checkoutId);
  await expect(market.shut(checkoutId)).resolves.toEqual({ placed: true });
  await market.end(checkoutId);
  expect(await market.checkoutRow(checkoutId)).toMatchObject({ status: 'placed', closing: false, failure_code: null });
  expect(await cartRow(cartId)).toMatchObject({ status: 'ordered' });
  expect(await market.stock(variantId)).toEqual([3, 0]);
  expect(await codeOf(market.shut(newId()))).toBe('not_found');
});

test('placing, while the checkout is being closed, waits and is refused', async () => {
  const { variantId, checkoutId } = await reserved();
  const closing = await market.holdOpen((em) => closeCheckout(em, checkoutId));
  const placed = codeOf(market.place(checkoutId));
  await market.untilBlocked();
  await closing.commit();
  expect(await placed).toBe('invalid_transition');
  expect(await market.stock(variantId)).toEqual([5, 2]);
});

test('closing, while the order is being placed, waits and finds it placed', async () => {
  const { checkoutId } = await reserved();
  const placing = await market.holdOpen((em) => placeCheckout(em, checkoutId, authorised(`pi_${checkoutId}`)));
  const shut = market.shut(checkoutId);
  await market.untilBlocked();
  await placing.commit();
  await expect(shut).resolves.toEqual({ placed: true });
});

test('placing and ending, at the same moment, have one winner', async () => {
  const winners = new Set<string>();
  for (let round = 0; round < 20; round += 1) {
    const { variantId, cartId, checkoutId } = await reserved();
    const undo = async () => {
      const { placed } = await market.shut(checkoutId);
      if (!placed) await market.end(checkoutId);
      return placed;
    };
    const order = round % 2 === 0 ? [() => market.place(checkoutId), undo] : [undo, () => market.place(checkoutId)];
    await Promise.all(order.map((work) => codeOf(work())));
    const placed = (await market.checkoutRow(checkoutId))?.status === 'placed';
    winners.add(placed ? 'placed' : 'ended');
    expect(await market.stock(variantId)).toEqual(placed ? [3, 0] : [5, 0]);
    expect((await cartRow(cartId))?.status).toBe(placed ? 'ordered' : 'open');
    await expect(market.shop.rows('select id from orders where checkout_id = ?', [checkoutId])).resolves.toHaveLength(
      placed ? 1 : 0,
    );
  }
  expect(winners.size).toBeGreaterThan(0);
});
