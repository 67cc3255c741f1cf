import type { AuthoriseRequest, PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { post, SECRET_KEY, startStripe, type StripeBench } from '../simulators/stripe-bench.js';

let bench: StripeBench;
let gateway: PaymentGateway;
let serial = 0;

beforeAll(async () => {
  bench = await startStripe();
  gateway = createStripeGateway({ secretKey: SECRET_KEY, apiUrl: bench.url, webhookSecrets: [], timeoutMs: 1_000 });
});
afterEach(() => bench.post('/test/reset'));
afterAll(() => bench.close());

const USD = (amount: number) => ({ amount, currency: 'USD' });
const start = new Date();
const end = new Date(start.getTime() + 3_600_000);

function request(): AuthoriseRequest {
  serial += 1;
  return {
    key: `key-${serial}`,
    checkoutId: `checkout-${serial}`,
    attempt: 1,
    amount: USD(4200),
    paymentMethod: 'pm_card_visa',
  };
}

async function authorised(): Promise<string> {
  const outcome = await gateway.authorise(request());
  if (outcome.kind !== 'authorised') throw new Error(`expected authorised, got ${outcome.kind}`);
  return outcome.intentId;
}

const onPosts = (faults: object) => bench.post('/test/switches', { ...faults, only: { method: 'POST' } });

test.each([
  ['drop', 'connection', false],
  ['drop_after_commit', 'connection', true],
  ['timeout_before', 'timeout', false],
  ['timeout_after_commit', 'timeout', true],
  ['unavailable', 'provider_error', false],
  ['rate_limit', 'rate_limit', false],
])(
  'authorise, under %s, is unknown (%s), and one hold once repeated with the same key',
  async (fault, reason, done) => {
    const wanted = request();
    await onPosts({ [fault]: 1 });
    expect(await gateway.authorise(wanted)).toEqual({ kind: 'unknown', reason });
    const found = await gateway.find(wanted, start, end);
    expect(found?.kind).toBe(done ? 'authorised' : undefined);
    const outcome = await gateway.authorise(wanted);
    expect(outcome.kind).toBe('authorised');
    expect(await gateway.find(wanted, start, end)).toEqual(outcome);
  },
);

test.each([
  ['fail_500_before', undefined],
  ['fail_500_after_commit', 'authorised'],
])('authorise, under %s, replays the 500 for ever, and is then found: %s', async (fault, kind) => {
  const wanted = request();
  await onPosts({ [fault]: 1 });
  expect(await gateway.authorise(wanted)).toEqual({ kind: 'unknown', reason: 'provider_error' });
  expect(await gateway.authorise(wanted)).toEqual({ kind: 'unknown', reason: 'replayed_500' });
  expect((await gateway.find(wanted, start, end))?.kind).toBe(kind);
});

test('authorise, when a replayed 500 was never done, succeeds as a new attempt', async () => {
  const wanted = request();
  await onPosts({ fail_500_before: 1 });
  await gateway.authorise(wanted);
  const next = { ...wanted, key: `${wanted.key}:2`, attempt: 2 };
  expect(await gateway.authorise(next)).toMatchObject({ kind: 'authorised' });
  expect(await gateway.find(wanted, start, end)).toBeNull();
});

test('authorise, twice at once with one key, is unknown for one of them and holds once', async () => {
  const wanted = request();
  await onPosts({ latency_ms: 150 });
  const outcomes = await Promise.all([gateway.authorise(wanted), gateway.authorise(wanted)]);
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['authorised', 'unknown']);
  expect(outcomes).toContainEqual({ kind: 'unknown', reason: 'idempotency_key_in_use' });
});

test('refund, twice at once with one key, is unknown for one of them and made once', async () => {
  const intentId = await authorised();
  await gateway.capture({ key: `${intentId}:capture`, intentId, amount: USD(4200) });
  const ask = () => gateway.refund({ key: `${intentId}:refund`, intentId, amount: USD(1000), reason: 'return' });
  await onPosts({ latency_ms: 150 });
  const outcomes = await Promise.all([ask(), ask()]);
  expect(outcomes.map(({ kind }) => kind).sort()).toEqual(['refunded', 'unknown']);
  expect(bench.simulator.ledger(intentId).intents).toMatchObject([{ refunded: 1000 }]);
});

test('authorise, with a key that was used with other parameters, is unknown and can be found', async () => {
  const wanted = request();
  await gateway.authorise(wanted);
  expect(await gateway.authorise({ ...wanted, amount: USD(4300) })).toEqual({
    kind: 'unknown',
    reason: 'idempotency_mismatch',
  });
  expect(await gateway.find(wanted, start, end)).toMatchObject({ kind: 'authorised' });
});

test('find, over more than a page of intents, tells attempts apart', async () => {
  const wanted = request();
  const first = await gateway.authorise(wanted);
  const other = await gateway.authorise({ ...wanted, key: `${wanted.key}-b`, attempt: 2 });
  // One that gave up would still be under way in the next test, and use up its fault.
  const patient = createStripeGateway({ secretKey: SECRET_KEY, apiUrl: bench.url, webhookSecrets: [] });
  const crowd = Array.from({ length: 101 }, () => patient.authorise({ ...request(), paymentMethod: null }));
  for (const { kind } of await Promise.all(crowd)) expect(kind).toBe('needs_customer');
  expect(await gateway.find(wanted, start, end)).toEqual(first);
  expect(await gateway.find({ ...wanted, attempt: 2 }, start, end)).toEqual(other);
  expect(await gateway.find({ ...wanted, attempt: 3 }, start, end)).toBeNull();
  expect(await gateway.find(wanted, end, end)).toBeNull();
  expect(await gateway.find(wanted, new Date(0), new Date(start.getTime() - 3_600_000))).toBeNull();
});

test('find, while the provider is down, does not say that there is none', async () => {
  await bench.post('/test/switches', { unavailable: 1 });
  expect(await gateway.find(request(), start, end)).toEqual({ kind: 'unknown', reason: 'provider_error' });
});

const LOST = [
  'drop',
  'drop_after_commit',
  'timeout_before',
  'timeout_after_commit',
  'fail_500_before',
  'fail_500_after_commit',
  'unavailable',
];

test.each(LOST)(
  'capture, void and refund, under %s, are unknown and then done once with the same key',
  async (fault) => {
    const taken = await authorised();
    const capture = () => gateway.capture({ key: `cap-${taken}`, intentId: taken, amount: USD(4200) });
    await onPosts({ [fault]: 1 });
    expect((await capture()).kind).toBe('unknown');
    expect(await capture()).toMatchObject({ kind: 'captured', amount: USD(4200) });

    const refund = () => gateway.refund({ key: `ref-${taken}`, intentId: taken, amount: USD(1500), reason: 'return' });
    await onPosts({ [fault]: 1 });
    expect((await refund()).kind).toBe('unknown');
    expect(await refund()).toMatchObject({ kind: 'refunded', amount: USD(1500) });
    expect(bench.simulator.ledger(taken).intents).toMatchObject([{ captures: 1, captured: 4200, refunded: 1500 }]);

    const held = await authorised();
    const release = () => gateway.void({ key: `void-${held}`, intentId: held });
    await onPosts({ [fault]: 1 });
    expect((await release()).kind).toBe('unknown');
    expect(await release()).toEqual({ kind: 'voided' });
    expect(bench.simulator.ledger(held).intents).toMatchObject([{ voided: 4200, held: 0 }]);
  },
);

test('every call, while nothing listens, is unknown, and the client secret is temporarily unavailable', async () => {
  const own = await startStripe();
  const orphan = createStripeGateway({ secretKey: SECRET_KEY, apiUrl: own.url, webhookSecrets: [], timeoutMs: 1_000 });
  await own.close();
  const unknown = { kind: 'unknown', reason: 'connection' };
  expect(await orphan.authorise(request())).toEqual(unknown);
  expect(await orphan.retrieve('pi_1', request())).toEqual(unknown);
  expect(await orphan.find(request(), start, end)).toEqual(unknown);
  expect(await orphan.capture({ key: 'k', intentId: 'pi_1', amount: USD(1) })).toEqual(unknown);
  expect(await orphan.void({ key: 'k', intentId: 'pi_1' })).toEqual(unknown);
  expect(await orphan.refund({ key: 'k', intentId: 'pi_1', amount: USD(1), reason: 'return' })).toEqual(unknown);
  await expect(orphan.clientSecret('pi_1')).rejects.toMatchObject({ code: 'temporarily_unavailable' });
});

test('a dropped request, with retries off, is sent only once', async () => {
  await onPosts({ drop: 2 });
  await gateway.authorise(request());
  const switches = (await (await fetch(`${bench.url}/test/switches`)).json()) as { drop: number };
  expect(switches.drop).toBe(1);
  await post(bench.url, '/test/reset');
});
