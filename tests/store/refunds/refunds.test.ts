import { newId } from '../../../src/domain/kernel/ids.js';
import { recordRefund, requestRefund, type RefundWish } from '../../../src/domain/refunds/index.js';
import { codeOf } from '../../support/builders/market.js';
import { openRefundDesk, type RefundDesk } from '../../support/builders/refund-desk.js';
import { untilDone } from '../../support/builders/till.js';

let desk: RefundDesk;
beforeAll(async () => {
  desk = await openRefundDesk();
});
afterEach(async () => {
  await desk.assertStock();
  await desk.reset();
});
afterAll(() => desk.close());

const WHOLE: RefundWish = { kind: 'whole', restock: true };
const amount = (of: number): RefundWish => ({ kind: 'amount', amount: of });
const pieces = (lineId: string, quantity: number, restock = true): RefundWish => ({
  kind: 'parts',
  lines: [{ lineId, quantity, restock }],
  shipping: false,
});

test('a refund of everything is in ledger, payment, order, stock and timeline, and told, once however often it is given', async () => {
  const { orderId, checkoutId, variantId } = await desk.bought();
  const refundId = await desk.ask(orderId, WHOLE);
  expect(await desk.books(orderId)).toMatchObject({ order: 'confirmed', payment: { refunded: 0 }, ledger: [] });
  await Promise.all([1, 2, 3].map(() => desk.refunds.giveBack({ refundId })));
  await expect(desk.refunds.giveBack({ refundId })).resolves.toEqual({ orderId, status: 'succeeded' });
  expect(await desk.books(orderId)).toEqual({
    order: 'refunded',
    payment: { status: 'refunded', refunded: 2_499 },
    ledger: ['refund 2499'],
    refunds: [{ status: 'succeeded', amount: 2_499, origin: 'staff' }],
    told: ['order_confirmed', 'order_refunded'],
    timeline: ['placed', 'confirmed', 'refund_requested', 'refunded'],
  });
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
});

test('twenty refunds of 30 % at once give back what was captured and no more', async () => {
  const { orderId, checkoutId } = await desk.bought();
  const asked = await Promise.allSettled(Array.from({ length: 20 }, () => desk.ask(orderId, amount(750))));
  const refundIds = asked.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  expect(refundIds).toHaveLength(3);
  expect(
    new Set(asked.flatMap((each) => (each.status === 'rejected' ? [(each.reason as { code: string }).code] : []))),
  ).toEqual(new Set(['not_refundable']));
  await Promise.all(refundIds.map((refundId) => desk.refunds.giveBack({ refundId })));
  expect(await desk.books(orderId)).toMatchObject({
    order: 'confirmed',
    payment: { status: 'captured', refunded: 2_250 },
  });
  expect(await codeOf(desk.ask(orderId, amount(250)))).toBe('not_refundable');
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, amount(249)) });
  expect(await desk.books(orderId)).toMatchObject({
    order: 'refunded',
    payment: { status: 'refunded', refunded: 2_499 },
  });
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
});

test('refunds of pieces shelve what was chosen, and never more than was bought', async () => {
  const { orderId, lineId, variantId } = await desk.bought();
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, pieces(lineId, 1, false)) });
  expect(await desk.stock(variantId)).toEqual([3, 0]);
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, pieces(lineId, 1)) });
  expect(await desk.stock(variantId)).toEqual([4, 0]);
  expect(await codeOf(desk.ask(orderId, pieces(lineId, 1)))).toBe('not_refundable');
  expect(await desk.books(orderId)).toMatchObject({
    payment: { refunded: 2_000 },
    ledger: ['refund 1000', 'refund 1000'],
  });
});

test('a refund, while another one’s money is claimed and not given, waits for its lock and sees the claim', async () => {
  const { orderId } = await desk.bought();
  const first = await desk.holdOpen(async (em) => {
    await requestRefund(em, {
      refundId: newId(),
      orderId,
      wish: WHOLE,
      reason: 'other',
      userId: desk.staffId,
      requestId: 'r',
      ifVersion: null,
    });
  });
  const second = codeOf(desk.ask(orderId, amount(1)));
  await desk.untilBlocked();
  await first.commit();
  expect(await second).toBe('not_refundable');
});

test('a refund that the provider refuses frees its claim, shelves nothing and tells nobody', async () => {
  const { orderId, variantId } = await desk.bought();
  const refundId = await desk.ask(orderId, WHOLE);
  const refusing = desk.refundsWith({ refund: async () => ({ kind: 'refused', reason: 'charge_disputed' }) });
  await expect(refusing.giveBack({ refundId })).resolves.toMatchObject({ status: 'refused' });
  expect(await desk.books(orderId)).toMatchObject({
    order: 'confirmed',
    payment: { refunded: 0 },
    ledger: [],
    told: ['order_confirmed'],
    timeline: ['placed', 'confirmed', 'refund_requested', 'refund_refused'],
  });
  expect(await desk.stock(variantId)).toEqual([3, 0]);
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, WHOLE) });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
});

test.each([
  ['commits and then says nothing', 'timeout_after_commit'],
  ['says nothing and does nothing', 'unavailable'],
])('a refund, while the provider %s, is made once', async (_, fault) => {
  const { orderId, checkoutId } = await desk.bought();
  const refundId = await desk.ask(orderId, WHOLE);
  await desk.fault(fault);
  await expect(desk.refunds.giveBack({ refundId })).rejects.toThrow('refund: ');
  await desk.provider.post('/test/keys/forget');
  await expect(untilDone(() => desk.refunds.giveBack({ refundId }))).resolves.toMatchObject({ status: 'succeeded' });
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 2_499 });
  expect(await desk.books(orderId)).toMatchObject({ ledger: ['refund 2499'] });
});

test('a refund that the bank takes days over claims its money and is booked when it is there', async () => {
  const { orderId, intentId } = await desk.bought({ card: 'pm_card_pendingRefund' });
  const refundId = await desk.ask(orderId, WHOLE);
  await expect(desk.refunds.giveBack({ refundId })).resolves.toMatchObject({ status: 'pending' });
  expect(await codeOf(desk.ask(orderId, amount(1)))).toBe('not_refundable');
  expect(await desk.books(orderId)).toMatchObject({ order: 'confirmed', ledger: [], told: ['order_confirmed'] });
  const [{ reference } = { reference: '' }] = await desk.shop.rows<{ reference: string }>(
    'select reference from refunds where id = ?',
    [refundId],
  );
  await desk.provider.post(`/test/refunds/${reference}/settle`, { status: 'succeeded' });
  const event = await desk.heard(intentId);
  for (const _ of ['died before its answer', 'again'])
    await expect(desk.refunds.bookRefunds(event)).resolves.toEqual({ waiting: [`refund-${refundId}`] });
  await expect(desk.told(intentId)).resolves.toEqual({ waiting: [] });
  expect(await desk.books(orderId)).toMatchObject({ order: 'refunded', ledger: ['refund 2499'] });
});

test('a refund that fails after it was booked is taken out again, is shown, and can be made anew without shelving twice', async () => {
  const { orderId, intentId, variantId } = await desk.bought({ card: 'pm_card_refundFail' });
  const refundId = await desk.ask(orderId, WHOLE);
  await desk.refunds.giveBack({ refundId });
  const [{ reference } = { reference: '' }] = await desk.shop.rows<{ reference: string }>(
    'select reference from refunds where id = ?',
    [refundId],
  );
  await desk.provider.post(`/test/refunds/${reference}/settle`, { status: 'failed' });
  await Promise.all([desk.told(intentId), desk.told(intentId)]);
  const late = { kind: 'succeeded', reference, amount: { amount: 2_499, currency: 'USD' } } as const;
  await expect(desk.transact((em) => recordRefund(em, refundId, late))).resolves.toBe('failed');
  expect(await desk.books(orderId)).toMatchObject({
    order: 'confirmed',
    payment: { status: 'captured', refunded: 0 },
    ledger: ['refund 2499', 'refund_reversal 2499'],
    refunds: [{ status: 'failed' }],
    timeline: ['placed', 'confirmed', 'refund_requested', 'refunded', 'refund_failed'],
  });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, WHOLE) });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  expect(await desk.books(orderId)).toMatchObject({ order: 'refunded', payment: { refunded: 2_499 } });
});

test('a refund of the provider’s dashboard is booked once, beside ours, and shelves nothing', async () => {
  const { orderId, intentId, checkoutId, variantId } = await desk.bought();
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, amount(499)) });
  await desk.provider.stripe.refunds.create({ payment_intent: intentId, amount: 1_000 });
  await Promise.all([desk.told(intentId), desk.told(intentId), desk.told(intentId)]);
  expect(await desk.books(orderId)).toMatchObject({
    payment: { status: 'captured', refunded: 1_499 },
    ledger: ['refund 499', 'refund 1000'],
    refunds: [
      { origin: 'staff', amount: 499 },
      { origin: 'provider', amount: 1_000, status: 'succeeded' },
    ],
    told: ['order_confirmed', 'order_refunded', 'order_refunded'],
  });
  expect(await desk.stock(variantId)).toEqual([3, 0]);
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 1_499 });
});

test('a refund of the dashboard that the bank takes days over is asked after, and never made once more', async () => {
  const { orderId, intentId, checkoutId } = await desk.bought({ card: 'pm_card_pendingRefund' });
  const { id } = await desk.provider.stripe.refunds.create({ payment_intent: intentId, amount: 1_000 });
  await desk.told(intentId);
  const [{ refundId } = { refundId: '' }] = await desk.shop.rows<{ refundId: string }>(
    'select id as "refundId" from refunds where order_id = ?',
    [orderId],
  );
  // As the flow does that the sweep starts for it.
  await expect(desk.refunds.giveBack({ refundId })).resolves.toEqual({ orderId, status: 'pending' });
  await desk.provider.post(`/test/refunds/${id}/settle`, { status: 'succeeded' });
  await expect(desk.refunds.giveBack({ refundId })).resolves.toEqual({ orderId, status: 'succeeded' });
  expect(await desk.provider.stripe.refunds.list({ payment_intent: intentId })).toMatchObject({ data: [{ id }] });
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 1_000 });
  expect(await desk.books(orderId)).toMatchObject({ payment: { refunded: 1_000 }, ledger: ['refund 1000'] });
});

test('a refund of the dashboard that failed before anyone heard of it claims nothing', async () => {
  const { orderId, intentId } = await desk.bought({ card: 'pm_card_pendingRefund' });
  const { id } = await desk.provider.stripe.refunds.create({ payment_intent: intentId, amount: 1_000 });
  await desk.provider.post(`/test/refunds/${id}/settle`, { status: 'failed' });
  await desk.told(intentId);
  expect(await desk.books(orderId)).toMatchObject({ order: 'confirmed', ledger: [], refunds: [] });
});

test('a refund of which the provider gave another amount is not booked, for a person to see', async () => {
  const { orderId } = await desk.bought();
  const refundId = await desk.ask(orderId, amount(499));
  for (const given of [
    { amount: 498, currency: 'USD' },
    { amount: 499, currency: 'EUR' },
  ])
    await expect(
      desk.transact((em) => recordRefund(em, refundId, { kind: 'succeeded', reference: 're_other', amount: given })),
    ).rejects.toThrow('given back, not 499');
  expect(await desk.books(orderId)).toMatchObject({
    payment: { refunded: 0 },
    ledger: [],
    refunds: [{ status: 'requested' }],
  });
});

test('a refund that was refused and made after all is booked, and shelves no piece that a cancellation has put back', async () => {
  const { orderId, lineId, variantId } = await desk.bought();
  const refundId = await desk.ask(orderId, pieces(lineId, 1));
  const refusing = desk.refundsWith({ refund: async () => ({ kind: 'refused', reason: 'charge_disputed' }) });
  await refusing.giveBack({ refundId });
  await desk.cancel(orderId);
  await desk.refunds.carryOutCancellation({ orderId });
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  const given = { amount: 1_000, currency: 'USD' };
  await expect(
    desk.transact((em) => recordRefund(em, refundId, { kind: 'succeeded', reference: 're_late', amount: given })),
  ).resolves.toBe('succeeded');
  expect(await desk.stock(variantId)).toEqual([5, 0]);
  expect(await desk.books(orderId)).toMatchObject({ order: 'cancelled', ledger: ['refund 1000'] });
});

test('a capture asked for again, once its money is given back, changes nothing', async () => {
  const order = await desk.bought();
  await desk.refunds.giveBack({ refundId: await desk.ask(order.orderId, WHOLE) });
  const before = await desk.books(order.orderId);
  await expect(desk.checkouts.capturePayment(order)).resolves.toEqual({ orderId: order.orderId, captured: true });
  expect(await desk.books(order.orderId)).toEqual(before);
});

test('a refund of ours that the dashboard overtakes is refused by the provider, and the books agree', async () => {
  const { orderId, intentId, checkoutId } = await desk.bought();
  const refundId = await desk.ask(orderId, amount(1_500));
  await desk.provider.stripe.refunds.create({ payment_intent: intentId, amount: 2_000 });
  await desk.told(intentId);
  await expect(desk.refunds.giveBack({ refundId })).resolves.toMatchObject({ status: 'refused' });
  expect(await desk.books(orderId)).toMatchObject({ payment: { refunded: 2_000 }, ledger: ['refund 2000'] });
  expect(desk.moved(checkoutId)).toMatchObject({ refunded: 2_000 });
  await desk.refunds.giveBack({ refundId: await desk.ask(orderId, WHOLE) });
  expect(await desk.books(orderId)).toMatchObject({ order: 'refunded', payment: { refunded: 2_499 } });
});

test('the provider’s event, before our own call has been recorded, books our refund and not another', async () => {
  const { orderId, intentId } = await desk.bought();
  const refundId = await desk.ask(orderId, WHOLE);
  await desk.fault('timeout_after_commit');
  await expect(desk.refunds.giveBack({ refundId })).rejects.toThrow('refund: ');
  await desk.told(intentId);
  await expect(desk.refunds.giveBack({ refundId })).resolves.toMatchObject({ status: 'succeeded' });
  expect(await desk.books(orderId)).toMatchObject({
    ledger: ['refund 2499'],
    refunds: [{ status: 'succeeded', origin: 'staff' }],
  });
});

test('a refund, of an order that is not paid, not there or has changed since it was seen, is refused', async () => {
  const { orderId } = await desk.placed();
  expect(await codeOf(desk.ask(orderId, WHOLE))).toBe('not_refundable');
  expect(await codeOf(desk.ask(newId(), WHOLE))).toBe('not_found');
  const paid = await desk.bought();
  expect(await codeOf(desk.ask(paid.orderId, WHOLE, 1))).toBe('precondition_failed');
  expect(await codeOf(desk.ask(paid.orderId, WHOLE, 2))).toBe('done');
});
