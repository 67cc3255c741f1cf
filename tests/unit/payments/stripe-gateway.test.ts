import type { AuthoriseRequest, PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { SECRET_KEY, sdk, startStripe, type StripeBench } from '../simulators/stripe-bench.js';

let bench: StripeBench;
let gateway: PaymentGateway;
let serial = 0;

beforeAll(async () => {
  bench = await startStripe();
  gateway = createStripeGateway({ secretKey: SECRET_KEY, apiUrl: bench.url, webhookSecrets: [], timeoutMs: 2_000 });
});
afterEach(() => bench.post('/test/reset'));
afterAll(() => bench.close());

const USD = (amount: number) => ({ amount, currency: 'USD' });

function request(paymentMethod: string | null, rest: Partial<AuthoriseRequest> = {}): AuthoriseRequest {
  serial += 1;
  return {
    key: `key-${serial}`,
    checkoutId: `checkout-${serial}`,
    attempt: 1,
    amount: USD(4200),
    paymentMethod,
    ...rest,
  };
}

async function authorised(method = 'pm_card_visa'): Promise<string> {
  const outcome = await gateway.authorise(request(method));
  if (outcome.kind !== 'authorised') throw new Error(`expected authorised, got ${outcome.kind}`);
  return outcome.intentId;
}

test('authorise, with a good card, holds exactly the amount until the charge says', async () => {
  const wanted = request('pm_card_visa');
  const outcome = await gateway.authorise(wanted);
  const {
    data: [intent],
  } = await sdk(bench.url).paymentIntents.list({ limit: 1 });
  expect(intent).toMatchObject({
    amount: 4200,
    currency: 'usd',
    capture_method: 'manual',
    payment_method_types: ['card'],
    metadata: { checkout_id: wanted.checkoutId, attempt: '1' },
  });
  expect(outcome).toEqual({
    kind: 'authorised',
    intentId: intent?.id,
    expiresAt: new Date(((intent?.created ?? 0) + 7 * 86_400) * 1000).toISOString(),
  });
  expect(await gateway.authorise(wanted)).toEqual(outcome);
});

test.each([
  ['pm_card_visa_chargeDeclined', 'generic_decline'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'insufficient_funds'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card'],
  ['pm_card_chargeDeclinedProcessingError', 'processing_error'],
])('authorise, with %s, is declined with %s, also when repeated', async (method, reason) => {
  const wanted = request(method);
  const outcome = await gateway.authorise(wanted);
  expect(outcome).toEqual({ kind: 'declined', reason, intentId: expect.stringMatching(/^pi_/) as string });
  expect(await gateway.authorise(wanted)).toEqual(outcome);
});

test('authorise, with a method that does not exist or paid before, is declined', async () => {
  expect(await gateway.authorise(request('pm_none'))).toEqual({
    kind: 'declined',
    reason: 'payment_method_missing',
    intentId: null,
  });
  const method = await sdk(bench.url).paymentMethods.create({ type: 'card', card: { token: 'tok_visa' } });
  await authorised(method.id);
  expect(await gateway.authorise(request(method.id))).toMatchObject({ kind: 'declined', intentId: null });
});

test('authorise, with an amount below the least, is declined', async () => {
  expect(await gateway.authorise(request('pm_card_visa', { amount: USD(49) }))).toMatchObject({
    kind: 'declined',
    reason: 'amount_too_small',
  });
});

test('authorise, without a method, waits for the customer, whose browser pays with the client secret', async () => {
  const wanted = request(null);
  const outcome = await gateway.authorise(wanted);
  expect(outcome).toEqual({ kind: 'needs_customer', intentId: expect.stringMatching(/^pi_/) as string });
  const { intentId } = outcome as { intentId: string };
  const secret = await gateway.clientSecret(intentId);
  await fetch(`${bench.url}/v1/payment_intents/${intentId}/confirm`, {
    method: 'POST',
    headers: { authorization: 'Bearer pk_test_browser' },
    body: new URLSearchParams({ client_secret: secret, payment_method: 'pm_card_visa' }),
  });
  expect(await gateway.retrieve(intentId, wanted)).toMatchObject({ kind: 'authorised', intentId });
  expect(await gateway.authorise(wanted)).toMatchObject({ kind: 'authorised', intentId });
});

test('authorise, with 3-D Secure, waits for the customer, who passes or fails', async () => {
  for (const [result, expected] of [
    ['succeed', { kind: 'authorised' }],
    ['fail', { kind: 'declined', reason: 'payment_intent_authentication_failure' }],
  ] as const) {
    const wanted = request('pm_card_threeDSecure2Required');
    const outcome = await gateway.authorise(wanted);
    expect(outcome.kind).toBe('needs_customer');
    const { intentId } = outcome as { intentId: string };
    await bench.post(`/test/payment_intents/${intentId}/authenticate`, { outcome: result });
    expect(await gateway.retrieve(intentId, wanted)).toMatchObject({ ...expected, intentId });
  }
});

test('amounts, in currencies where Stripe counts otherwise than ISO, are converted both ways', async () => {
  const wanted = request('pm_card_visa', { amount: { amount: 5000, currency: 'ISK' } });
  const outcome = await gateway.authorise(wanted);
  const { intentId } = outcome as { intentId: string };
  expect(await sdk(bench.url).paymentIntents.retrieve(intentId)).toMatchObject({ amount: 500_000, currency: 'isk' });
  expect(await gateway.capture({ key: 'isk', intentId, amount: wanted.amount })).toMatchObject({
    kind: 'captured',
    amount: wanted.amount,
  });
  expect(await gateway.authorise(request('pm_card_visa', { amount: { amount: 100, currency: 'MGA' } }))).toMatchObject({
    kind: 'declined',
  });
});

test('capture, repeated with the same or another key, tells of the one capture', async () => {
  const intentId = await authorised();
  const outcome = await gateway.capture({ key: 'cap-1', intentId, amount: USD(4200) });
  expect(outcome).toEqual({ kind: 'captured', chargeId: expect.stringMatching(/^ch_/) as string, amount: USD(4200) });
  for (const key of ['cap-1', 'cap-2'])
    expect(await gateway.capture({ key, intentId, amount: USD(4200) })).toEqual(outcome);
  expect(bench.simulator.ledger(intentId).intents).toMatchObject([{ captures: 1, captured: 4200 }]);
});

test('capture, of too much or of a void intent, is refused', async () => {
  const intentId = await authorised();
  expect(await gateway.capture({ key: 'c-a', intentId, amount: USD(4201) })).toEqual({
    kind: 'refused',
    reason: 'amount_too_large',
  });
  await gateway.void({ key: 'c-b', intentId });
  expect(await gateway.capture({ key: 'c-c', intentId, amount: USD(4200) })).toEqual({
    kind: 'refused',
    reason: 'canceled',
  });
});

test('capture and void, of an intent that the provider does not have, as with the key of another account, are unknown', async () => {
  const missing = { kind: 'unknown', reason: 'resource_missing' };
  expect(await gateway.capture({ key: 'm-c', intentId: 'pi_none', amount: USD(1) })).toEqual(missing);
  expect(await gateway.void({ key: 'm-v', intentId: 'pi_none' })).toEqual(missing);
});

test('void, of what is held, waits or was declined, is void, and again', async () => {
  const wanted = ['pm_card_visa', 'pm_card_threeDSecure2Required', 'pm_card_visa_chargeDeclined'].map((card) =>
    request(card),
  );
  const intents: string[] = [];
  for (const each of wanted) intents.push(((await gateway.authorise(each)) as { intentId: string }).intentId);
  for (const intentId of intents)
    for (const key of [`v-${intentId}`, `v-${intentId}`, `w-${intentId}`])
      expect(await gateway.void({ key, intentId })).toEqual({ kind: 'voided' });
  for (const [index, intentId] of intents.entries())
    expect(await gateway.retrieve(intentId, wanted[index] ?? request(null))).toMatchObject({
      kind: 'declined',
      reason: 'canceled',
    });
});

test('void, of what was captured, says so', async () => {
  const intentId = await authorised();
  await gateway.capture({ key: 'late', intentId, amount: USD(4000) });
  expect(await gateway.void({ key: 'too-late', intentId })).toMatchObject({ kind: 'captured', amount: USD(4000) });
});

test('refund, in parts and too much, pays back no more than was captured', async () => {
  const intentId = await authorised();
  const ask = (key: string, amount: number) => gateway.refund({ key, intentId, amount: USD(amount), reason: 'return' });
  expect(await ask('r-0', 100)).toEqual({ kind: 'refused', reason: 'unexpected_state' });
  await gateway.capture({ key: 'r-cap', intentId, amount: USD(4200) });
  expect(await ask('r-1', 4000)).toMatchObject({ kind: 'refunded', amount: USD(4000) });
  expect(await ask('r-2', 300)).toEqual({ kind: 'refused', reason: 'invalid_amount' });
  expect(await ask('r-3', 200)).toMatchObject({ kind: 'refunded' });
  expect(await ask('r-4', 1)).toEqual({ kind: 'refused', reason: 'charge_already_refunded' });
});

test('refund, repeated after its key was forgotten, is not made twice', async () => {
  const intentId = await authorised();
  await gateway.capture({ key: 'twice-cap', intentId, amount: USD(4200) });
  const ask = () => gateway.refund({ key: 'twice', intentId, amount: USD(1000), reason: 'return' });
  const first = await ask();
  await bench.post('/test/keys/forget');
  expect(await ask()).toEqual(first);
  expect(bench.simulator.ledger(intentId).intents).toMatchObject([{ refunded: 1000 }]);
});

test('refund, that the bank settles later, is pending and then refunded', async () => {
  const intentId = await authorised('pm_card_pendingRefund');
  await gateway.capture({ key: 'slow-cap', intentId, amount: USD(4200) });
  const ask = () => gateway.refund({ key: 'slow', intentId, amount: USD(4200), reason: 'return' });
  const first = await ask();
  expect(first).toEqual({ kind: 'pending', refundId: expect.stringMatching(/^re_/) as string });
  await bench.post(`/test/refunds/${(first as { refundId: string }).refundId}/settle`);
  expect(await ask()).toMatchObject({ kind: 'refunded' });
});

test('retrieve, of an unknown intent, does not know; its client secret is not found', async () => {
  expect(await gateway.retrieve('pi_none', request(null))).toEqual({ kind: 'unknown', reason: 'resource_missing' });
  await expect(gateway.clientSecret('pi_none')).rejects.toMatchObject({ code: 'not_found' });
});

test('a wrong key throws, without the key', async () => {
  const wrong = createStripeGateway({ secretKey: 'sk_test_wrong', apiUrl: bench.url, webhookSecrets: [] });
  const error: unknown = await wrong.authorise(request('pm_card_visa')).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'PaymentConfigurationError' });
  expect(JSON.stringify([error, String(error)])).not.toContain('sk_test');
});
