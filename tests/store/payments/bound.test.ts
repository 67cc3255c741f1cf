import { storePaymentEvent } from '../../../src/domain/payments/index.js';
import { codeOf } from '../../support/builders/market.js';
import { openTill, untilDone, type Till } from '../../support/builders/till.js';

const NOTHING = { held: 0, captured: 0, refunded: 0, captures: 0 };

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterEach(async () => {
  await till.assertStock();
  await till.reset();
});
afterAll(() => till.close());

const authorise = (checkoutId: string) => till.payments.authorisePayment({ checkoutId, attempt: 1 });
const intentOf = async (checkoutId: string) => (await till.attempt(checkoutId))?.intent_id ?? '';
const tell = (checkoutId: string | null, intentId: string, kind: 'authorised' | 'captured' = 'authorised') =>
  till.transact((em) =>
    storePaymentEvent(
      em,
      till.event(
        checkoutId,
        kind === 'authorised'
          ? { kind, intentId, expiresAt: new Date().toISOString() }
          : { kind, intentId, chargeId: 'c' },
      ),
    ),
  );
const toldOf = (orderId: string) =>
  till.shop.rows('select event, channel, details from notifications where subject_id = ? order by channel', [orderId]);
const authorisedMoney = (intentId: string) => ({ kind: 'authorised', intentId, expiresAt: '2030-01-01' }) as const;

/** An intent that is held, made past the shop: with this checkout's name on it, or another's. */
async function heldIntent(checkoutId: string, amount = 2_499): Promise<string> {
  const { id } = await till.provider.stripe.paymentIntents.create({
    amount,
    currency: 'usd',
    capture_method: 'manual',
    payment_method: 'pm_card_visa',
    confirm: true,
    allowed_payment_method_types: ['card'],
    metadata: { checkout_id: checkoutId, attempt: '1' },
  });
  return id;
}

/** A checkout that ended unpaid while its money was taken, and 10.00 beside it with a stray. */
async function takenTwice(card?: string) {
  const { checkoutId, orderId } = await till.due(card);
  await authorise(checkoutId);
  await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId));
  await till.shut(checkoutId);
  const stray = await heldIntent(checkoutId, 1_000);
  await till.provider.stripe.paymentIntents.capture(stray);
  await tell(checkoutId, stray, 'captured');
  return { checkoutId, orderId, stray };
}

test.each([
  ['another checkout', (wanted: { checkoutId: string }) => ({ ...wanted, checkoutId: 'another' }), 'foreign_intent'],
  [
    'another amount',
    (wanted: object) => ({ ...wanted, amount: { amount: 2_500, currency: 'USD' } }),
    'amount_mismatch',
  ],
  [
    'another currency',
    (wanted: object) => ({ ...wanted, amount: { amount: 2_499, currency: 'EUR' } }),
    'amount_mismatch',
  ],
])('retrieve, of an intent that is held for %s, pays nothing', async (_, change, reason) => {
  const { checkoutId } = await till.due();
  const { request } = await till.begin(checkoutId);
  const intentId = await heldIntent(checkoutId);
  await expect(till.gateway.retrieve(intentId, request)).resolves.toMatchObject({ kind: 'authorised' });
  await expect(till.gateway.retrieve(intentId, change(request) as typeof request)).resolves.toMatchObject({
    kind: 'declined',
    reason,
  });
});

test('checkPayment, of an intent of which another amount was taken by hand, is declined, and all of it goes back', async () => {
  const { checkoutId } = await till.due('pm_card_threeDSecure2Required');
  await authorise(checkoutId);
  const intentId = await intentOf(checkoutId);
  await till.provider.post(`/test/payment_intents/${intentId}/authenticate`, { outcome: 'succeed' });
  await till.provider.stripe.paymentIntents.capture(intentId, { amount_to_capture: 1_000 });
  await expect(till.payments.checkPayment({ checkoutId })).resolves.toMatchObject({
    kind: 'declined',
    reason: 'amount_mismatch',
  });
  await till.undo(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 1_000, refunded: 1_000 });
});

test('placeCheckout, with an intent that paid another order or is another checkout’s, is refused', async () => {
  const paid = await till.due();
  await till.place(paid.checkoutId, authorisedMoney('pi_once'));
  const other = await till.due();
  await authorise(other.checkoutId);
  const { checkoutId } = await till.due();
  for (const intentId of ['pi_once', await intentOf(other.checkoutId)])
    expect(await codeOf(till.place(checkoutId, authorisedMoney(intentId)))).toBe('payment_failed');
  await till.undo(checkoutId);
});

/** A checkout whose attempt the provider answers with the intent of another; placing refuses it. */
async function answeredWith(intentId: string): Promise<string> {
  const { checkoutId } = await till.due();
  const wrong = till.withGateway({ authorise: () => Promise.resolve(authorisedMoney(intentId)) });
  await wrong.payments.authorisePayment({ checkoutId, attempt: 1 });
  expect(await codeOf(till.place(checkoutId, authorisedMoney(intentId)))).toBe('payment_failed');
  return checkoutId;
}

test.each([
  ['held', false, { held: 2_499, captured: 0 }],
  ['taken', true, { held: 0, captured: 2_499 }],
])(
  'voidPayment, of an intent whose money is %s for another order, leaves it to that order',
  async (_, taken, moved) => {
    const { checkoutId } = await till.due();
    await authorise(checkoutId);
    const own = await intentOf(checkoutId);
    await till.place(checkoutId, authorisedMoney(own));
    if (taken) await till.checkouts.capturePayment({ checkoutId });
    const refused = await answeredWith(own);
    await till.undo(refused);
    expect(till.moved(checkoutId)).toMatchObject({ ...moved, voided: 0, refunded: 0 });
    expect((await till.attempt(refused))?.outcome).toBe('voided');
    expect(await till.ledger(refused)).toEqual([]);
  },
);

test('voidPayment, of an intent that an open checkout has too, leaves it, and the last of them gives it back', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  const refused = await answeredWith(await intentOf(checkoutId));
  await till.undo(refused);
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499, voided: 0 });
  await till.undo(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ held: 0 });
});

test('voidPayment, that finds the intent of an open checkout, keeps that checkout from nothing', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  const own = await intentOf(checkoutId);
  const other = await till.due();
  await till.begin(other.checkoutId);
  await till.shut(other.checkoutId);
  const wrong = till.withGateway({ find: () => Promise.resolve(authorisedMoney(own)) });
  await wrong.payments.voidPayment({ checkoutId: other.checkoutId });
  await till.end(other.checkoutId);
  expect(await codeOf(till.place(checkoutId, authorisedMoney(own)))).toBe('done');
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
});

test('an event, whose metadata names another checkout than its intent’s, concerns the one that made the intent', async () => {
  const mine = await till.due();
  await authorise(mine.checkoutId);
  const ended = await till.due();
  await till.begin(ended.checkoutId);
  await till.undo(ended.checkoutId);
  const intentId = await intentOf(mine.checkoutId);
  await expect(tell(ended.checkoutId, intentId)).resolves.toEqual({ checkoutId: mine.checkoutId, next: 'none' });
  await till.shop.run('update payment_events set checkout_id = ? where intent_id = ?', [ended.checkoutId, intentId]);
  await till.payments.voidPayment({ checkoutId: ended.checkoutId });
  expect(till.moved(mine.checkoutId)).toMatchObject({ held: 2_499 });
  expect(await toldOf(ended.orderId)).toEqual([]);
});

test.each([
  ['held', false, { held: 2_499, captured: 0, refunded: 0 }, []],
  ['taken', true, { held: 2_499, captured: 2_499, refunded: 2_499 }, ['capture', 'refund']],
])(
  'money that is %s beside a placed order goes back, its customer is told once, and the order keeps its own',
  async (...[, taken, moved, ledger]) => {
    const { checkoutId, orderId } = await till.due();
    await authorise(checkoutId);
    const own = await intentOf(checkoutId);
    await till.place(checkoutId, authorisedMoney(own));
    const stray = await heldIntent(checkoutId);
    if (taken) await till.provider.stripe.paymentIntents.capture(stray);
    await expect(tell(checkoutId, own)).resolves.toEqual({ checkoutId, next: 'none' });
    await expect(tell(checkoutId, stray, taken ? 'captured' : 'authorised')).resolves.toEqual({
      checkoutId,
      next: 'recheck',
    });
    const run = () => untilDone(() => till.payments.voidPayment({ checkoutId }));
    await expect(Promise.all([run(), run()])).resolves.toContainEqual({ orderId, taken: false, untold: true });
    expect(till.moved(checkoutId)).toMatchObject(moved);
    expect((await till.ledger(checkoutId)).map(({ type }) => type)).toEqual(ledger);
    const told = { event: 'payment_returned', details: { refunded: { amount: 2_499, currency: 'USD' } } };
    expect(await toldOf(orderId)).toEqual([
      { ...told, channel: 'email' },
      { ...told, channel: 'sms' },
    ]);
  },
);

test('money of two intents that goes back for one checkout is told of for each, once however often it is looked at', async () => {
  const { checkoutId, orderId } = await takenTwice();
  const run = () => untilDone(() => till.payments.voidPayment({ checkoutId }));
  await Promise.all([run(), run()]);
  await run();
  await till.end(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 3_499, refunded: 3_499 });
  const amounts = (await toldOf(orderId)).map((each) => JSON.stringify(each)).toSorted();
  expect(amounts.map((each) => [/email|sms/.exec(each)?.[0], /"amount":(\d+)/.exec(each)?.[1]])).toEqual([
    ['email', '1000'],
    ['email', '2499'],
    ['sms', '1000'],
    ['sms', '2499'],
  ]);
});

test('money of a stray alone that goes back for a checkout that ended is told of once', async () => {
  const { checkoutId, orderId } = await till.due();
  await till.undo(checkoutId);
  const stray = await heldIntent(checkoutId, 1_000);
  await till.provider.stripe.paymentIntents.capture(stray);
  await tell(checkoutId, stray, 'captured');
  await till.payments.voidPayment({ checkoutId });
  expect(await toldOf(orderId)).toHaveLength(2);
});

test('an intent beside that of an open checkout goes back, and the checkout keeps its own', async () => {
  const { checkoutId } = await till.due('pm_card_threeDSecure2Required');
  await authorise(checkoutId);
  const stray = await heldIntent(checkoutId);
  await expect(tell(checkoutId, stray)).resolves.toEqual({ checkoutId, next: 'recheck' });
  await till.payments.voidPayment({ checkoutId });
  expect(till.moved(checkoutId)).toMatchObject({ held: 0 });
  await expect(till.payments.checkPayment({ checkoutId })).resolves.toMatchObject({ kind: 'needs_customer' });
});

test('money for a checkout that never began to pay, once it ended, goes back', async () => {
  const { checkoutId } = await till.due();
  await till.undo(checkoutId);
  const stray = await heldIntent(checkoutId);
  await expect(tell(checkoutId, stray)).resolves.toEqual({ checkoutId, next: 'recheck' });
  await till.payments.voidPayment({ checkoutId });
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
});

test('voidPayment, of what was taken and refunded by hand, books that refund and asks for no other', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  const intentId = await intentOf(checkoutId);
  await till.provider.stripe.paymentIntents.capture(intentId);
  await till.provider.stripe.refunds.create({ payment_intent: intentId, amount: 2_000 });
  await till.undo(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
  expect((await till.ledger(checkoutId)).map(({ amount }) => amount)).toEqual(
    expect.arrayContaining([2_499, 2_000, 499]),
  );
});

test('voidPayment, whose refund the bank sends back, gives the money back anew', async () => {
  const { checkoutId } = await till.due('pm_card_pendingRefund');
  await authorise(checkoutId);
  const intentId = await intentOf(checkoutId);
  await till.provider.stripe.paymentIntents.capture(intentId);
  await till.shut(checkoutId);
  await expect(till.payments.voidPayment({ checkoutId })).rejects.toThrow('refund: pending');
  const settle = async (status: string) => {
    const { data } = await till.provider.stripe.refunds.list({ payment_intent: intentId });
    const pending = data.find((refund) => refund.status === 'pending');
    await till.provider.post(`/test/refunds/${pending?.id}/settle`, { status });
  };
  await settle('failed');
  await expect(till.payments.voidPayment({ checkoutId })).rejects.toThrow('refund: pending');
  await settle('succeeded');
  await till.payments.voidPayment({ checkoutId });
  expect((await till.ledger(checkoutId)).map(({ type }) => type)).toEqual(['capture', 'refund']);
  expect((await till.attempt(checkoutId))?.outcome).toBe('voided');
});

test('voidHolds, of what was taken and heard of, books it and leaves refund and word of it to the next step', async () => {
  const { checkoutId, orderId } = await till.due();
  await authorise(checkoutId);
  await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId), { amount_to_capture: 1_000 });
  await till.shut(checkoutId);
  await tell(checkoutId, await intentOf(checkoutId), 'captured');
  await expect(till.payments.voidHolds({ checkoutId })).resolves.toEqual({ orderId, taken: true, untold: false });
  expect(till.moved(checkoutId)).toMatchObject({ refunded: 0 });
  await expect(till.payments.voidPayment({ checkoutId })).resolves.toEqual({ orderId, taken: false, untold: true });
  expect(till.moved(checkoutId)).toMatchObject({ refunded: 1_000 });
  expect(await toldOf(orderId)).toMatchObject([
    { details: { refunded: { amount: 1_000 } } },
    { details: { refunded: { amount: 1_000 } } },
  ]);
});

test('voidPayment, while the bank has not decided on one intent’s refund, gives back what was taken with another', async () => {
  const { checkoutId, stray } = await takenTwice('pm_card_pendingRefund');
  await expect(till.payments.voidPayment({ checkoutId })).rejects.toThrow('refund: pending');
  const { data } = await till.provider.stripe.refunds.list({ payment_intent: stray });
  expect(data).toMatchObject([{ amount: 1_000, status: 'succeeded' }]);
});

test('voidHolds, of what nobody paid, has nothing to tell', async () => {
  const { checkoutId, orderId } = await till.due('pm_card_visa_chargeDeclined');
  await authorise(checkoutId);
  await till.shut(checkoutId);
  await expect(till.payments.voidHolds({ checkoutId })).resolves.toEqual({ orderId, taken: false, untold: false });
});
