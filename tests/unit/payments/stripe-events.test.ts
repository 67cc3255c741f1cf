import Stripe from 'stripe';
import type { PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { type Receiver, SECRET_KEY, startReceiver, startStripe, type StripeBench } from '../simulators/stripe-bench.js';

const OLD = 'whsec_old';
const NEW = 'whsec_new';
let bench: StripeBench;
let receiver: Receiver;
let gateway: PaymentGateway;

beforeAll(async () => {
  receiver = await startReceiver();
  bench = await startStripe({ webhook: { url: receiver.url, secrets: [NEW] } });
  gateway = createStripeGateway({
    secretKey: SECRET_KEY,
    apiUrl: bench.url,
    webhookSecrets: [OLD, NEW],
    timeoutMs: 1000,
  });
});
afterAll(async () => {
  await bench.close();
  await receiver.close();
});

const { webhooks } = new Stripe(SECRET_KEY);

function signed(event: object, { secret = NEW, at = Date.now() } = {}): [Buffer, string] {
  const payload = JSON.stringify(event);
  return [
    Buffer.from(payload),
    webhooks.generateTestHeaderString({ payload, secret, timestamp: Math.floor(at / 1000) }),
  ];
}

const event = (type: string, object: object) => ({
  id: 'evt_1',
  object: 'event',
  type,
  created: 1_700_000_000,
  data: { object },
});
const intent = (rest: object) => ({
  id: 'pi_1',
  object: 'payment_intent',
  amount: 4200,
  currency: 'usd',
  created: 1_700_000_000,
  metadata: { checkout_id: 'c1' },
  client_secret: 'pi_1_secret_x',
  receipt_email: 'ada@example.com',
  latest_charge: 'ch_1',
  last_payment_error: null,
  ...rest,
});

test('the events of a payment, as delivered, are reduced to ids, outcome and amount', async () => {
  const USD = { amount: 4200, currency: 'USD' };
  const held = await gateway.authorise({
    key: 'k',
    checkoutId: 'c1',
    attempt: 1,
    amount: USD,
    paymentMethod: 'pm_card_visa',
  });
  const { intentId } = held as { intentId: string };
  await gateway.capture({ key: 'c', intentId, amount: USD });
  await gateway.refund({ key: 'r', intentId, amount: { ...USD, amount: 200 }, reason: 'return' });
  await receiver.until(7);
  const events = receiver.received.map(({ body, signature }) => gateway.parseEvent(Buffer.from(body), signature));
  const byType = new Map(events.map((each) => [each.type, each]));
  expect([...byType.keys()].sort()).toEqual([
    'charge.captured',
    'charge.refunded',
    'charge.succeeded',
    'payment_intent.amount_capturable_updated',
    'payment_intent.created',
    'payment_intent.succeeded',
    'refund.created',
  ]);
  for (const each of events) expect(each).toMatchObject({ provider: 'stripe', intentId });
  expect(byType.get('payment_intent.created')?.outcome).toBeNull();
  expect(byType.get('payment_intent.amount_capturable_updated')).toMatchObject({
    outcome: { kind: 'authorised', intentId },
    checkoutId: 'c1',
    amount: USD,
  });
  expect(byType.get('payment_intent.succeeded')?.outcome).toMatchObject({ kind: 'captured', intentId });
  expect(byType.get('charge.refunded')).toMatchObject({
    outcome: null,
    amount: { amount: 200, currency: 'USD' },
    checkoutId: 'c1',
  });
  expect(byType.get('refund.created')).toMatchObject({ outcome: null, amount: { amount: 200, currency: 'USD' } });
});

test.each([
  ['payment_intent.processing', { status: 'processing' }, { kind: 'processing' }],
  ['payment_intent.requires_action', { status: 'requires_action' }, { kind: 'needs_customer' }],
  ['payment_intent.canceled', { status: 'canceled' }, { kind: 'declined', reason: 'canceled' }],
  [
    'payment_intent.payment_failed',
    { status: 'requires_payment_method', last_payment_error: { code: 'card_declined', decline_code: 'lost_card' } },
    { kind: 'declined', reason: 'lost_card' },
  ],
])('an event, of type %s, tells its outcome and nothing personal', (type, state, outcome) => {
  const parsed = gateway.parseEvent(...signed(event(type, intent(state))));
  expect(parsed).toMatchObject({
    type,
    intentId: 'pi_1',
    checkoutId: 'c1',
    outcome,
    createdAt: '2023-11-14T22:13:20.000Z',
  });
  expect(JSON.stringify(parsed)).not.toMatch(/secret|example\.com/);
});

test('an event, that a hold was released, speaks of no refunded money', () => {
  const charge = {
    object: 'charge',
    payment_intent: 'pi_1',
    metadata: {},
    captured: false,
    amount: 4200,
    amount_captured: 0,
    amount_refunded: 4200,
    currency: 'usd',
  };
  expect(gateway.parseEvent(...signed(event('charge.refunded', charge)))).toMatchObject({
    intentId: 'pi_1',
    amount: { amount: 0 },
  });
});

test('an event, of a kind that speaks of no payment, is known by its type alone', () => {
  const parsed = gateway.parseEvent(
    ...signed(event('customer.created', { object: 'customer', id: 'cus_1', email: 'ada@example.com' })),
  );
  expect(parsed).toEqual({
    id: 'evt_1',
    provider: 'stripe',
    type: 'customer.created',
    createdAt: '2023-11-14T22:13:20.000Z',
    intentId: null,
    checkoutId: null,
    outcome: null,
    amount: null,
  });
});

test('an event, signed with any secret that is valid now, is accepted', () => {
  for (const secret of [OLD, NEW])
    expect(gateway.parseEvent(...signed(event('ping', {}), { secret })).id).toBe('evt_1');
});

test('an event, changed, unsigned, signed by another, or older than five minutes, is refused', () => {
  const [body, signature] = signed(event('ping', {}));
  const refused: [Buffer, string][] = [
    [Buffer.concat([body, Buffer.from(' ')]), signature],
    [body, ''],
    [body, 't=1,v1=zz'],
    signed(event('ping', {}), { secret: 'whsec_other' }),
    signed(event('ping', {}), { at: Date.now() - 301_000 }),
  ];
  for (const [raw, header] of refused)
    expect(() => gateway.parseEvent(raw, header)).toThrow(expect.objectContaining({ code: 'bad_request' }) as Error);
});
