import Stripe from 'stripe';
import { failure, held, startStripe, type StripeBench } from './stripe-bench.js';

let bench: StripeBench;
let stripe: Stripe;

beforeAll(async () => {
  bench = await startStripe();
  stripe = bench.stripe;
});
afterEach(() => bench.post('/test/reset'));
afterAll(() => bench.close());

const create = (idempotencyKey: string, params = held('pm_card_visa')) =>
  stripe.paymentIntents.create(params, { idempotencyKey });
const made = async (): Promise<number> => (await stripe.paymentIntents.list({ limit: 100 })).data.length;

test('a key, used again with the same parameters, answers as before and does nothing', async () => {
  const first = await create('same');
  const count = await made();
  const again = await create('same');
  expect(again.id).toBe(first.id);
  expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
  expect(again.lastResponse.headers['original-request']).toBe(first.lastResponse.requestId);
  expect(await made()).toBe(count);
});

test('a key, used again with other parameters or another endpoint, is an error', async () => {
  const { id } = await create('other');
  const error = await failure(create('other', held('pm_card_visa', { amount: 4201 })));
  expect(error).toBeInstanceOf(Stripe.errors.StripeIdempotencyError);
  expect(error).toMatchObject({ statusCode: 400, rawType: 'idempotency_error' });
  expect(await failure(stripe.paymentIntents.capture(id, {}, { idempotencyKey: 'other' }))).toMatchObject({
    rawType: 'idempotency_error',
  });
});

test('a key, whose request was declined, replays the decline', async () => {
  const first = await failure(create('declined', held('pm_card_visa_chargeDeclined')));
  const again = await failure(create('declined', held('pm_card_visa_chargeDeclined')));
  expect(again.headers?.['idempotent-replayed']).toBe('true');
  expect(again).toMatchObject({
    statusCode: 402,
    code: 'card_declined',
    payment_intent: { id: first.payment_intent?.id },
  });
});

test('a key, whose parameters were refused, is not kept', async () => {
  await failure(create('invalid', held('pm_card_visa', { amount: 1 })));
  expect(await create('invalid')).toMatchObject({ status: 'requires_capture' });
});

test('a key, while its first request is still at work, is in use', async () => {
  await bench.post('/test/switches', { latency_ms: 300 });
  const [first, second] = await Promise.allSettled([create('busy'), create('busy')]);
  const answers = [first, second];
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const refused = answers.find((each): each is PromiseRejectedResult => each.status === 'rejected');
  expect(refused?.reason).toMatchObject({ statusCode: 409, code: 'idempotency_key_in_use' });
});

test('a key, whose answer was lost after the commit, answers with what was done', async () => {
  const count = await made();
  await bench.post('/test/switches', {
    timeout_after_commit: 1,
    only: { method: 'POST', path: '^/v1/payment_intents$' },
  });
  expect(await failure(create('lost'))).toBeInstanceOf(Stripe.errors.StripeConnectionError);
  expect(await create('lost')).toMatchObject({ status: 'requires_capture' });
  expect(await made()).toBe(count + 1);
});

test('a key, whose request ended in a 500, replays the 500 whether or not it was done', async () => {
  for (const [fault, done] of [
    ['fail_500_before', 0],
    ['fail_500_after_commit', 1],
  ] as const) {
    const count = await made();
    await bench.post('/test/switches', { [fault]: 1 });
    expect(await failure(create(fault))).toMatchObject({ statusCode: 500 });
    const again = await failure(create(fault));
    expect(again).toMatchObject({ statusCode: 500, headers: { 'idempotent-replayed': 'true' } });
    expect(await made()).toBe(count + done);
  }
});

test('a key, refused at the door by a 503 or 429, or dropped before, is still new', async () => {
  for (const fault of ['unavailable', 'rate_limit', 'drop', 'timeout_before']) {
    // The SDK hides the first closed connection.
    await bench.post('/test/switches', { [fault]: fault === 'drop' ? 2 : 1, only: { method: 'POST' } });
    await failure(create(`door-${fault}`));
    const intent = await create(`door-${fault}`);
    expect(intent.lastResponse.headers['idempotent-replayed']).toBeUndefined();
  }
});

test('a key, after a day or when told to, is forgotten', async () => {
  const first = await create('old');
  await bench.post('/test/clock', { advance_seconds: 86_400 - 60 });
  expect((await create('old')).id).toBe(first.id);
  await bench.post('/test/clock', { advance_seconds: 120 });
  const second = await create('old');
  expect(second.id).not.toBe(first.id);
  await bench.post('/test/keys/forget');
  expect((await create('old')).id).not.toBe(second.id);
});
