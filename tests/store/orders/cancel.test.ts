import { newId } from '../../../src/domain/kernel/ids.js';
import { cancelledBy } from '../../../src/domain/cancellations/index.js';
import { shipOrder } from '../../../src/domain/orders/index.js';
import { codeOf } from '../../support/builders/market.js';
import { openRefundDesk, type RefundDesk } from '../../support/builders/refund-desk.js';

let desk: RefundDesk;
beforeAll(async () => {
  desk = await openRefundDesk();
});
afterEach(async () => {
  await desk.assertStock();
  await desk.reset();
});
afterAll(() => desk.close());

/** As its flow does it. */
async function carryOut(orderId: string): Promise<void> {
  await desk.refunds.carryOutCancellation({ orderId });
  for (let id = await owed(orderId); id !== null; id = await owed(orderId))
    await desk.refunds.giveBack({ refundId: id });
}
const owed = (orderId: string) => desk.refunds.claimOwed({ orderId });
const ship = (orderId: string) =>
  desk.transact((em) =>
    shipOrder(
      em,
      { orderId, userId: desk.staffId, requestId: 'r', ifVersion: null },
      { carrier: 'DHL', number: '1', url: null },
    ),
  );
const openOnes = (orderId: string) =>
  desk.shop.rows('select 1 from order_cancellations where order_id = ? and ended_at is null', [orderId]);

test('a cancellation of a paid order restocks, refunds and tells once, however often its steps run', async () => {
  const { orderId, checkoutId, variantId } = await desk.bought();
  await desk.cancel(orderId);
  await desk.cancel(orderId);
  await carryOut(orderId);
  await carryOut(orderId);
  expect(await desk.books(orderId)).toEqual({
    order: 'cancelled',
    payment: { status: 'refunded', refunded: 2_499 },
    ledger: ['refund 2499'],
    refunds: [{ status: 'succeeded', amount: 2_499, origin: 'cancellation' }],
    told: ['order_confirmed', 'order_cancelled'],
    timeline: ['placed', 'confirmed', 'cancellation_requested', 'cancelled', 'refund_made'],
  });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
  expect(await openOnes(orderId)).toEqual([]);
  expect(await codeOf(desk.cancel(orderId))).toBe('done');
  expect(await openOnes(orderId)).toEqual([]);
});

test('a cancellation before the capture has the money voided and never taken', async () => {
  const { orderId, checkoutId, variantId } = await desk.placed();
  await desk.cancel(orderId);
  expect(await codeOf(desk.refunds.carryOutCancellation({ orderId }))).toBe('temporarily_unavailable');
  await expect(desk.checkouts.capturePayment({ checkoutId })).resolves.toEqual({
    orderId,
    captured: false,
    code: 'order_cancelled',
  });
  await carryOut(orderId);
  await expect(desk.checkouts.capturePayment({ checkoutId })).resolves.toMatchObject({ captured: false });
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 0, held: 0, voided: 2_499 });
  expect(await desk.books(orderId)).toMatchObject({
    order: 'cancelled',
    payment: { status: 'voided', refunded: 0 },
    ledger: [],
    told: ['order_cancelled'],
  });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  expect((await desk.stepsOf(checkoutId)).at(-1)).toBe('payment_voided');
});

test('a cancellation while the capture’s answer is lost finds the money taken and gives it back', async () => {
  const { orderId, checkoutId, variantId } = await desk.placed();
  await desk.fault('timeout_after_commit');
  await expect(desk.checkouts.capturePayment({ checkoutId })).rejects.toThrow('capture: ');
  await desk.cancel(orderId);
  await expect(desk.checkouts.capturePayment({ checkoutId })).resolves.toEqual({ orderId, captured: true });
  await carryOut(orderId);
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499, captures: 1 });
  expect(await desk.books(orderId)).toMatchObject({ order: 'cancelled', payment: { status: 'refunded' } });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
});

test('a cancellation asked for between the capture and its record gives back what was captured', async () => {
  const { orderId, checkoutId } = await desk.placed();
  const { checkouts } = desk.withGateway({
    capture: async (request) => {
      const answer = await desk.gateway.capture(request);
      await desk.cancel(orderId);
      return answer;
    },
  });
  await checkouts.capturePayment({ checkoutId });
  await carryOut(orderId);
  expect(await desk.books(orderId)).toMatchObject({
    order: 'cancelled',
    payment: { status: 'refunded', refunded: 2_499 },
  });
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
});

test('of a cancellation and a shipment at once, the first one wins', async () => {
  const cancelledFirst = await desk.bought();
  await desk.cancel(cancelledFirst.orderId);
  expect(await codeOf(ship(cancelledFirst.orderId))).toBe('invalid_transition');

  const shippedFirst = await desk.bought();
  const shipment = await desk.holdOpen((em) =>
    shipOrder(
      em,
      { orderId: shippedFirst.orderId, userId: desk.staffId, requestId: 'r', ifVersion: null },
      { carrier: 'DHL', number: null, url: null },
    ),
  );
  const cancellation = codeOf(desk.cancel(shippedFirst.orderId));
  await desk.untilBlocked();
  await shipment.commit();
  expect(await cancellation).toBe('invalid_transition');
  expect(await openOnes(shippedFirst.orderId)).toEqual([]);
});

test('a cancellation after a refund of a part gives back and shelves the rest only', async () => {
  const { orderId, lineId, variantId, checkoutId } = await desk.bought();
  const one = { kind: 'parts', lines: [{ lineId, quantity: 1, restock: true }], shipping: false } as const;
  const refundId = await desk.ask(orderId, one);
  await desk.cancel(orderId);
  expect(await codeOf(desk.refunds.carryOutCancellation({ orderId }))).toBe('temporarily_unavailable');
  await desk.refunds.giveBack({ refundId });
  await carryOut(orderId);
  expect(await desk.books(orderId)).toMatchObject({ order: 'cancelled', ledger: ['refund 1000', 'refund 1499'] });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 2_499 });
});

test('a cancellation after a refund of everything still cancels and shelves', async () => {
  const { orderId, variantId } = await desk.bought();
  const refundId = await desk.ask(orderId, { kind: 'amount', amount: 2_499 });
  await desk.cancel(orderId);
  await desk.refunds.giveBack({ refundId });
  await carryOut(orderId);
  expect(await desk.books(orderId)).toMatchObject({ order: 'cancelled', payment: { status: 'refunded' } });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
});

test('a cancellation whose refund is refused asks for attention, and anew after a while', async () => {
  const { orderId } = await desk.bought();
  await desk.cancel(orderId);
  await desk.refunds.carryOutCancellation({ orderId });
  const refusing = desk.refundsWith({ refund: async () => ({ kind: 'refused', reason: 'charge_disputed' }) });
  await refusing.giveBack({ refundId: (await owed(orderId)) ?? '' });
  expect(await codeOf(owed(orderId))).toBe('temporarily_unavailable');
  expect(await openOnes(orderId)).toHaveLength(1);
  await desk.shop.run(`update refunds set settled_at = settled_at - interval '5 minutes' where order_id = ?`, [
    orderId,
  ]);
  await carryOut(orderId);
  expect(await desk.books(orderId)).toMatchObject({ payment: { refunded: 2_499 } });
  expect(await openOnes(orderId)).toEqual([]);
});

test('a cancellation whose refund fails later is under way again and settled by a refund of the dashboard', async () => {
  const { orderId, intentId } = await desk.bought({ card: 'pm_card_refundFail' });
  await desk.cancel(orderId);
  await carryOut(orderId);
  const [{ reference } = { reference: '' }] = await desk.shop.rows<{ reference: string }>(
    'select reference from refunds where order_id = ?',
    [orderId],
  );
  await desk.provider.post(`/test/refunds/${reference}/settle`, { status: 'failed' });
  await desk.told(intentId);
  expect(await desk.books(orderId)).toMatchObject({ order: 'cancelled', payment: { status: 'captured', refunded: 0 } });
  expect(await openOnes(orderId)).toHaveLength(1);
  expect(await codeOf(owed(orderId))).toBe('temporarily_unavailable');
  await desk.provider.stripe.refunds.create({ payment_intent: intentId });
  await desk.told(intentId);
  await expect(owed(orderId)).resolves.toBeNull();
  expect(await desk.books(orderId)).toMatchObject({
    order: 'cancelled',
    payment: { status: 'refunded', refunded: 2_499 },
  });
});

test('a cancellation is under way again when a refund that staff made before it fails later', async () => {
  const { orderId, intentId, checkoutId } = await desk.bought({ card: 'pm_card_refundFail' });
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, { kind: 'amount', amount: 500 }) });
  const [{ reference } = { reference: '' }] = await desk.shop.rows<{ reference: string }>(
    'select reference from refunds where order_id = ?',
    [orderId],
  );
  await desk.cancel(orderId);
  await carryOut(orderId);
  expect(await openOnes(orderId)).toEqual([]);
  await desk.provider.post(`/test/refunds/${reference}/settle`, { status: 'failed' });
  await desk.told(intentId);
  expect(await openOnes(orderId)).toHaveLength(1);
  await carryOut(orderId);
  expect(await desk.books(orderId)).toMatchObject({
    order: 'cancelled',
    payment: { status: 'refunded', refunded: 2_499 },
  });
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 2_499 });
  expect(await openOnes(orderId)).toEqual([]);
});

test('a cancellation whose refund was refused for months is asked for anew all the same', async () => {
  const { orderId } = await desk.bought();
  await desk.cancel(orderId);
  await desk.refunds.carryOutCancellation({ orderId });
  const refusing = desk.refundsWith({ refund: async () => ({ kind: 'refused', reason: 'charge_disputed' }) });
  await refusing.giveBack({ refundId: (await owed(orderId)) ?? '' });
  await desk.shop.run(
    `insert into refunds (id, order_id, provider, intent_id, origin, reason, status, amount, currency, goods_amount,
       shipping_amount, tax_amount, shipping_tax_amount, actor_type, settled_at)
     select gen_random_uuid(), order_id, provider, intent_id, origin, reason, status, amount, currency, goods_amount,
       shipping_amount, tax_amount, shipping_tax_amount, actor_type, settled_at
     from refunds cross join generate_series(1, 400) where order_id = ?`,
    [orderId],
  );
  expect(await codeOf(owed(orderId))).toBe('temporarily_unavailable');
  await desk.shop.run(`update refunds set settled_at = settled_at - interval '1 day' where order_id = ?`, [orderId]);
  await carryOut(orderId);
  expect(await openOnes(orderId)).toEqual([]);
});

test('the sweep finds cancellations and refunds that nothing happened to for a while, and no others', async () => {
  const [fresh, left] = [await desk.bought(), await desk.bought()];
  const [asked, cancelled] = [await desk.bought(), await desk.bought()];
  await desk.ask(fresh.orderId, { kind: 'amount', amount: 1 });
  await desk.cancel(asked.orderId);
  const refundId = await desk.ask(left.orderId, { kind: 'amount', amount: 1 });
  await desk.cancel(cancelled.orderId);
  await desk.refunds.carryOutCancellation(cancelled);
  await desk.refunds.claimOwed(cancelled);
  await desk.shop.run(`update refunds set updated_at = now() - interval '3 minutes' where order_id <> ?`, [
    fresh.orderId,
  ]);
  await desk.shop.run(`update orders set updated_at = now() - interval '3 minutes' where id not in (?, ?)`, [
    fresh.orderId,
    asked.orderId,
  ]);
  const page = { limit: 100, after: null };
  const mine = new Set([fresh, left, asked, cancelled].map(({ orderId }) => orderId));
  const refunds = (await desk.refunds.findOpenRefunds(page)).filter((each) => mine.has(each.orderId));
  expect(refunds).toEqual([{ refundId, orderId: left.orderId, customerId: null }]);
  const cancellations = (await desk.refunds.findOpenCancellations(page)).filter((each) => mine.has(each.orderId));
  expect(cancellations).toEqual([{ orderId: cancelled.orderId, customerId: null }]);
  await expect(desk.refunds.findOpenRefunds({ limit: 100, after: refundId })).resolves.toEqual([]);
});

test('a cancellation of an order that is not there is not found, and says who wanted it', async () => {
  expect(await codeOf(desk.cancel(newId()))).toBe('not_found');
  const { orderId } = await desk.bought();
  await desk.cancel(orderId);
  await expect(desk.query((em) => cancelledBy(em, orderId))).resolves.toEqual({ cancelledBy: 'customer' });
});
