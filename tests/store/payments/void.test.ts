import { storePaymentEvent } from '../../../src/domain/payments/index.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { SECRET_KEY, startStripe } from '../../unit/simulators/stripe-bench.js';
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

const authorise = (checkoutId: string) => till.payments.authorisePayment({ checkoutId, attempt: 1 });
const voidPayment = (checkoutId: string) => till.payments.voidPayment({ checkoutId });
const intentOf = async (checkoutId: string) => (await till.attempt(checkoutId))?.intent_id ?? '';
const steps = async (checkoutId: string, step: string) =>
  (await till.stepsOf(checkoutId)).filter((each) => each === step);

test('voidPayment, when nothing ever began, does nothing', async () => {
  const { checkoutId } = await till.due();
  await till.undo(checkoutId);
  expect(till.provider.simulator.ledger().movements).toEqual([]);
  expect(await till.attempt(checkoutId)).toMatchObject({ state: 'tombstoned' });
});

test('voidPayment, of what is held, voids it once, however often and at once it runs', async () => {
  const { variantId, checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.shut(checkoutId);
  const run = () => untilDone(() => voidPayment(checkoutId));
  await Promise.all([run(), run()]);
  await voidPayment(checkoutId);
  await till.end(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ ...NOTHING, voided: 2_499 });
  expect(await steps(checkoutId, 'payment_voided')).toHaveLength(1);
  expect(await till.stock(variantId)).toEqual([5, 0]);
  expect(await till.ledger(checkoutId)).toEqual([]);
});

test('voidPayment, when the worker died between writing the attempt and the call, leaves nothing for the late call', async () => {
  const { checkoutId } = await till.due();
  const begun = await till.begin(checkoutId);
  await till.undo(checkoutId);
  await expect(till.gateway.authorise(begun.request)).resolves.toMatchObject({ kind: 'declined', reason: 'canceled' });
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
});

test('a frozen worker, whose call is answered after the undo, changes nothing', async () => {
  const { variantId, cartId, checkoutId } = await till.due();
  const frozen = Promise.withResolvers<void>();
  const asked = Promise.withResolvers<void>();
  const { payments } = till.withGateway({
    authorise: async (request) => {
      asked.resolve();
      await frozen.promise;
      return till.gateway.authorise(request);
    },
  });
  const late = payments.authorisePayment({ checkoutId, attempt: 1 });
  await asked.promise;
  await till.undo(checkoutId);
  frozen.resolve();
  await expect(late).resolves.toMatchObject({ kind: 'declined' });
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
  expect(await till.checkoutRow(checkoutId)).toMatchObject({ status: 'cancelled' });
  expect(await till.attempt(checkoutId)).toMatchObject({ outcome: 'voided' });
  expect(await till.stock(variantId)).toEqual([5, 0]);
  await expect(till.shop.rows('select id from orders where cart_id = ?', [cartId])).resolves.toEqual([]);
});

test.each(['drop_after_commit', 'timeout_after_commit', 'fail_500_after_commit', 'fail_500_before', 'drop'])(
  'voidPayment, when the answer of the authorisation was lost under %s, leaves nothing held',
  async (kind) => {
    const { checkoutId } = await till.due();
    await till.fault(kind);
    await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
    await till.shut(checkoutId);
    if (kind === 'fail_500_before') await till.later(3 * 60_000);
    await untilDone(() => voidPayment(checkoutId));
    expect(till.moved(checkoutId)).toMatchObject(NOTHING);
    expect(await till.attempt(checkoutId)).toMatchObject({ state: 'settled', outcome: 'voided' });
  },
);

test.each([
  'drop',
  'drop_after_commit',
  'timeout_after_commit',
  'fail_500_before',
  'fail_500_after_commit',
  'unavailable',
])('voidPayment, under %s of its own call, is not done, and done once it runs again', async (kind) => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.shut(checkoutId);
  await till.fault(kind);
  await expect(voidPayment(checkoutId)).rejects.toThrow('void');
  await untilDone(() => voidPayment(checkoutId));
  expect(till.moved(checkoutId)).toMatchObject({ ...NOTHING, voided: 2_499 });
});

test('voidPayment, of a payment that waits for its customer, ends the intent before it can be paid', async () => {
  const { checkoutId } = await till.due('pm_card_threeDSecure2Required');
  await authorise(checkoutId);
  await till.undo(checkoutId);
  await expect(
    till.provider.post(`/test/payment_intents/${await intentOf(checkoutId)}/authenticate`, { outcome: 'succeed' }),
  ).rejects.toThrow('409');
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
});

test('voidPayment, of what was captured already, refunds exactly once and writes both to the ledger', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId));
  await till.shut(checkoutId);
  const run = () => untilDone(() => voidPayment(checkoutId));
  await Promise.all([run(), run()]);
  await till.later(25 * HOUR);
  await voidPayment(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499, captures: 1 });
  expect(await till.ledger(checkoutId)).toEqual([
    { type: 'capture', amount: 2_499 },
    { type: 'refund', amount: 2_499 },
  ]);
});

test('voidPayment, while the bank has not settled the refund, is not done and books no refund', async () => {
  const { checkoutId } = await till.due('pm_card_pendingRefund');
  await authorise(checkoutId);
  const intentId = await intentOf(checkoutId);
  await till.provider.stripe.paymentIntents.capture(intentId);
  await till.shut(checkoutId);
  for (let round = 0; round < 2; round += 1) await expect(voidPayment(checkoutId)).rejects.toThrow('refund: pending');
  expect(await till.ledger(checkoutId)).toEqual([{ type: 'capture', amount: 2_499 }]);
  expect(await till.attempt(checkoutId)).not.toMatchObject({ outcome: 'voided' });
  const [refund] = (await till.provider.stripe.refunds.list({ payment_intent: intentId })).data;
  await till.provider.post(`/test/refunds/${refund?.id}/settle`);
  await voidPayment(checkoutId);
  expect(await till.ledger(checkoutId)).toHaveLength(2);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
});

test('voidPayment, killed between the refund and its record, refunds no second time', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  const intentId = await intentOf(checkoutId);
  await till.provider.stripe.paymentIntents.capture(intentId);
  await till.shut(checkoutId);
  const { payments } = till.withGateway({
    refund: async (request) => {
      await till.gateway.refund(request);
      throw new Error('killed');
    },
  });
  await expect(payments.voidPayment({ checkoutId })).rejects.toThrow('killed');
  await voidPayment(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
  expect(await till.ledger(checkoutId)).toHaveLength(2);
});

test('voidPayment, with a key of another account, is not done', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.shut(checkoutId);
  const other = await startStripe();
  const gateway = createStripeGateway({ secretKey: SECRET_KEY, apiUrl: other.url, webhookSecrets: [] });
  await expect(till.withGateway(gateway).payments.voidPayment({ checkoutId })).rejects.toThrow('resource_missing');
  await other.close();
  expect(await till.attempt(checkoutId)).not.toMatchObject({ outcome: 'voided' });
  await voidPayment(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ ...NOTHING, voided: 2_499 });
});

test('voidPayment, of a part that was captured by hand, refunds that part', async () => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId), { amount_to_capture: 1_000 });
  await till.undo(checkoutId);
  expect(till.moved(checkoutId)).toMatchObject({ captured: 1_000, refunded: 1_000 });
  expect((await till.ledger(checkoutId)).map(({ amount }) => amount)).toEqual([1_000, 1_000]);
});

test('voidPayment, for a late event of an intent that no attempt knows, gives that money back too', async () => {
  const { checkoutId } = await till.due();
  const begun = await till.begin(checkoutId);
  await till.undo(checkoutId);
  // A worker that slept for longer than the provider keeps keys.
  await till.later(25 * HOUR);
  const late = await till.gateway.authorise(begun.request);
  expect(late).toMatchObject({ kind: 'authorised' });
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });

  const event = till.event(checkoutId, late);
  await expect(till.transact((em) => storePaymentEvent(em, event))).resolves.toEqual({ checkoutId, next: 'recheck' });
  await till.payments.voidPayment({ checkoutId });
  await till.payments.voidPayment({ checkoutId });
  await till.payments.markEventHandled({ eventId: event.id });
  expect(till.moved(checkoutId)).toMatchObject(NOTHING);
  await expect(till.payments.findEventCheckout({ eventId: event.id })).resolves.toBe(checkoutId);
  await expect(till.transact((em) => storePaymentEvent(em, event))).resolves.toEqual({ checkoutId, next: 'none' });
});
