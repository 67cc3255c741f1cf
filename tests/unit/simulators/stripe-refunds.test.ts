import type Stripe from 'stripe';
import { failure, held, startStripe, type StripeBench } from './stripe-bench.js';

let bench: StripeBench;
let stripe: Stripe;

beforeAll(async () => {
  bench = await startStripe();
  stripe = bench.stripe;
});
afterAll(() => bench.close());

async function paid(method = 'pm_card_visa'): Promise<string> {
  const { id } = await stripe.paymentIntents.create(held(method, { capture_method: 'automatic' }));
  return id;
}

test('refunds of a payment, in parts, never exceed what was captured', async () => {
  const intent = await paid();
  const first = await stripe.refunds.create({ payment_intent: intent, amount: 1200, metadata: { refund_key: 'a' } });
  expect(first).toMatchObject({
    status: 'succeeded',
    amount: 1200,
    payment_intent: intent,
    metadata: { refund_key: 'a' },
  });
  expect(await failure(stripe.refunds.create({ payment_intent: intent, amount: 3001 }))).toMatchObject({
    statusCode: 400,
    param: 'amount',
  });
  await stripe.refunds.create({ payment_intent: intent });
  expect(await failure(stripe.refunds.create({ payment_intent: intent }))).toMatchObject({
    code: 'charge_already_refunded',
  });
  expect(bench.simulator.ledger(intent).intents).toMatchObject([{ captured: 4200, refunded: 4200, net: 0 }]);
  const { data } = await stripe.refunds.list({ payment_intent: intent });
  expect(data.map(({ amount }) => amount)).toEqual([3000, 1200]);
  expect(await stripe.refunds.retrieve(first.id)).toMatchObject({ id: first.id });
});

test('a refund, of a payment captured in part, gives back at most that part', async () => {
  const { id } = await stripe.paymentIntents.create(held('pm_card_visa'));
  await stripe.paymentIntents.capture(id, { amount_to_capture: 1000 });
  expect(await failure(stripe.refunds.create({ payment_intent: id, amount: 1001 }))).toMatchObject({ param: 'amount' });
  await stripe.refunds.create({ payment_intent: id, amount: 1000 });
  expect(bench.simulator.ledger(id).intents).toMatchObject([{ net: 0, held: 0 }]);
});

test('a refund, of a payment that is only held, is refused', async () => {
  const { id } = await stripe.paymentIntents.create(held('pm_card_visa'));
  expect(await failure(stripe.refunds.create({ payment_intent: id }))).toMatchObject({
    code: 'payment_intent_unexpected_state',
  });
  const {
    data: [charge],
  } = await stripe.charges.list({ payment_intent: id });
  expect(await failure(stripe.refunds.create({ charge: charge?.id ?? '' }))).toMatchObject({
    code: 'charge_not_refundable',
  });
});

test('a pending refund, once the bank agrees, enters the ledger', async () => {
  const intent = await paid('pm_card_pendingRefund');
  const refund = await stripe.refunds.create({ payment_intent: intent });
  expect(refund.status).toBe('pending');
  expect(bench.simulator.ledger(intent).intents).toMatchObject([{ refunded: 0 }]);
  await bench.post(`/test/refunds/${refund.id}/settle`, { status: 'succeeded' });
  expect(bench.simulator.ledger(intent).intents).toMatchObject([{ refunded: 4200, net: 0 }]);
});

test('a refund that fails later, brings the money back and can be made again', async () => {
  const intent = await paid('pm_card_refundFail');
  const refund = await stripe.refunds.create({ payment_intent: intent });
  expect(refund.status).toBe('succeeded');
  await bench.post(`/test/refunds/${refund.id}/settle`, { status: 'failed' });
  expect(await stripe.refunds.retrieve(refund.id)).toMatchObject({ status: 'failed' });
  expect(bench.simulator.ledger(intent).intents).toMatchObject([{ refunded: 0, net: 4200 }]);
  expect(await stripe.refunds.create({ payment_intent: intent })).toMatchObject({ amount: 4200 });
});
