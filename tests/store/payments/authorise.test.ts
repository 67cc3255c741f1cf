import { storePaymentEvent } from '../../../src/domain/payments/index.js';
import { codeOf } from '../../support/builders/market.js';
import { openTill, untilDone, type Till } from '../../support/builders/till.js';

const HOUR = 3_600_000;
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

const intentOf = (outcome: { intentId: string | null }) => outcome.intentId;
const authorise = (checkoutId: string) => till.payments.authorisePayment({ checkoutId, attempt: 1 });

test('authorisePayment, with a good card, holds the total once, however often it runs', async () => {
  const { checkoutId } = await till.due();
  const first = await authorise(checkoutId);
  expect(first).toMatchObject({ kind: 'authorised', heard: false });
  await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'authorised', intentId: intentOf(first) });
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499, captured: 0 });
  expect(await till.attempt(checkoutId)).toMatchObject({ state: 'settled', outcome: 'authorised' });
  expect(await till.stepsOf(checkoutId)).toEqual(['stock_reserved', 'payment_authorised']);
});

test('authorisePayment, whose answer is written down, asks nobody again', async () => {
  const { checkoutId } = await till.due();
  const first = await authorise(checkoutId);
  const asked = () => Promise.reject(new Error('asked'));
  const { payments } = till.withGateway({ authorise: asked, retrieve: asked, find: asked });
  await expect(payments.authorisePayment({ checkoutId, attempt: 1 })).resolves.toMatchObject({
    kind: 'authorised',
    intentId: intentOf(first),
  });
});

test('authorisePayment, twice at once, holds once', async () => {
  const { checkoutId } = await till.due();
  const run = () => untilDone(() => authorise(checkoutId));
  const [one, two] = await Promise.all([run(), run()]);
  expect(intentOf(two)).toBe(intentOf(one));
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
});

test.each(['drop', 'drop_after_commit', 'timeout_before', 'timeout_after_commit', 'unavailable', 'rate_limit'])(
  'authorisePayment, under %s, is no answer, and holds once when it runs again',
  async (kind) => {
    const { checkoutId } = await till.due();
    await till.fault(kind);
    await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
    expect(await till.attempt(checkoutId)).toEqual({ state: 'begun', outcome: null, intent_id: null });
    await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'authorised' });
    expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
  },
);

test('authorisePayment, after a stored 500 that was done, finds the intent it made', async () => {
  const { checkoutId } = await till.due();
  await till.fault('fail_500_after_commit');
  await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
  await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'authorised' });
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
});

test.each([
  ['minutes', 3 * 60_000],
  ['a day, when its key is forgotten,', 25 * HOUR],
])(
  'authorisePayment, %s after a stored 500 that was never done, is declined only when lists must have it',
  async (_, later) => {
    const { checkoutId } = await till.due();
    await till.fault('fail_500_before');
    await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
    await expect(authorise(checkoutId)).rejects.toThrow('lists no intent yet');
    await till.later(later);
    await expect(authorise(checkoutId)).resolves.toMatchObject({
      kind: 'declined',
      reason: 'provider_error',
      intentId: null,
    });
    await till.undo(checkoutId);
    expect(till.moved(checkoutId)).toMatchObject(NOTHING);
  },
);

test('authorisePayment, a day after an answer was lost, looks the intent up and does not pay twice', async () => {
  const { checkoutId } = await till.due();
  await till.fault('timeout_after_commit');
  await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
  await till.later(25 * HOUR);
  await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'authorised' });
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
});

test('authorisePayment, declined, is told so again; the next checkout of the cart is a new payment', async () => {
  const { variantId, cartId, checkoutId } = await till.due('pm_card_visa_chargeDeclinedInsufficientFunds');
  const declined = { kind: 'declined', reason: 'insufficient_funds' };
  await expect(authorise(checkoutId)).resolves.toMatchObject(declined);
  await expect(authorise(checkoutId)).resolves.toMatchObject(declined);
  await till.undo(checkoutId);
  expect(await till.stock(variantId)).toEqual([5, 0]);
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);

  const next = await till.accept(cartId);
  expect(next).toMatchObject({ kind: 'accepted' });
  await till.reserve(next.checkoutId);
  await expect(authorise(next.checkoutId)).resolves.toMatchObject({ kind: 'authorised' });
  expect(till.moved(next.checkoutId)).toMatchObject({ held: 2_499 });
});

test('a payment that was declined, after its undo, can no longer be paid with its intent', async () => {
  const { checkoutId } = await till.due('pm_card_visa_chargeDeclined');
  await authorise(checkoutId);
  const { intent_id: intentId } = (await till.attempt(checkoutId)) ?? {};
  await till.undo(checkoutId);
  await expect(
    till.provider.stripe.paymentIntents.confirm(intentId ?? '', { payment_method: 'pm_card_visa' }),
  ).rejects.toMatchObject({ code: 'payment_intent_unexpected_state' });
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
});

test.each([
  ['succeed', { kind: 'authorised' }, 2_499],
  ['fail', { kind: 'declined', reason: 'payment_intent_authentication_failure' }, 0],
])('checkPayment, when the customer’s 3-D Secure was to %s, says so', async (outcome, expected, held) => {
  const { checkoutId } = await till.due('pm_card_threeDSecure2Required');
  const waiting = await authorise(checkoutId);
  expect(waiting).toMatchObject({ kind: 'needs_customer', heard: false });
  expect(await till.checkoutRow(checkoutId)).toMatchObject({ status: 'requires_action' });
  await expect(till.payments.checkPayment({ checkoutId })).resolves.toMatchObject({ kind: 'needs_customer' });

  const { intent_id: intentId } = (await till.attempt(checkoutId)) ?? {};
  await till.provider.post(`/test/payment_intents/${intentId}/authenticate`, { outcome });
  await expect(till.payments.checkPayment({ checkoutId })).resolves.toMatchObject(expected);
  expect(till.moved(checkoutId)).toMatchObject({ held });
  expect(await till.checkoutRow(checkoutId)).toMatchObject({ status: 'authorising' });
  expect(await till.stepsOf(checkoutId)).toEqual([
    'stock_reserved',
    'customer_action_required',
    held > 0 ? 'payment_authorised' : 'payment_declined',
  ]);
});

test('checkPayment, of a checkout that never began to pay, is not found', async () => {
  const { checkoutId } = await till.due();
  expect(await codeOf(till.payments.checkPayment({ checkoutId }))).toBe('not_found');
});

test('authorisePayment, with an event stored while it was under way, has heard of it', async () => {
  const { checkoutId } = await till.due('pm_card_threeDSecure2Required');
  await till.begin(checkoutId);
  await till.transact((em) => storePaymentEvent(em, till.event(checkoutId, { kind: 'processing', intentId: 'pi_x' })));
  await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'needs_customer', heard: true });
});

test('authorisePayment, of a checkout that is closed, refuses before it calls', async () => {
  const { checkoutId } = await till.due();
  await till.shut(checkoutId);
  expect(await codeOf(authorise(checkoutId))).toBe('invalid_transition');
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
});
