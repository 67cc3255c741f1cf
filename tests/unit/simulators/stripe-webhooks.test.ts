import { held, type Receiver, startReceiver, startStripe, type StripeBench, WEBHOOK_SECRET } from './stripe-bench.js';

let bench: StripeBench;
let receiver: Receiver;

beforeEach(async () => {
  receiver = await startReceiver();
  bench = await startStripe({ webhook: { url: receiver.url, secrets: [WEBHOOK_SECRET] } });
});
afterEach(async () => {
  await bench.close();
  await receiver.close();
});

const pay = () => bench.stripe.paymentIntents.create(held('pm_card_visa'), { idempotencyKey: 'k' });
const IN_ORDER = ['payment_intent.created', 'charge.succeeded', 'payment_intent.amount_capturable_updated'];
const types = () => receiver.received.map(({ event }) => event.type);
const ids = () => receiver.received.map(({ event }) => event.id);

test('a webhook, as received, bears a signature that the SDK accepts and the event as stored', async () => {
  const intent = await pay();
  await receiver.until(3);
  for (const { body, signature, event } of receiver.received) {
    expect(bench.stripe.webhooks.constructEvent(body, signature, WEBHOOK_SECRET).id).toBe(event.id);
    expect(() => bench.stripe.webhooks.constructEvent(`${body} `, signature, WEBHOOK_SECRET)).toThrow(/signature/i);
    expect(event.request).toMatchObject({ idempotency_key: 'k', id: intent.lastResponse.requestId });
  }
  const [first] = ids();
  expect(await bench.stripe.events.retrieve(first ?? '')).toMatchObject({ object: 'event', livemode: false });
});

test('a webhook, while a secret is rolled, is signed with both', async () => {
  await bench.post('/test/webhooks/endpoint', { url: receiver.url, secrets: ['whsec_new', WEBHOOK_SECRET] });
  await pay();
  await receiver.until(3);
  const [{ body, signature } = { body: '', signature: '' }] = receiver.received;
  for (const secret of ['whsec_new', WEBHOOK_SECRET])
    expect(bench.stripe.webhooks.constructEvent(body, signature, secret)).toMatchObject({ object: 'event' });
});

test('a webhook, when refused, is sent again until it is taken', async () => {
  receiver.refuse(5, 503);
  await pay();
  await receiver.until(3);
  expect([...types()].sort()).toEqual([...IN_ORDER].sort());
  expect(new Set(ids()).size).toBe(3);
});

test('webhooks, on request, arrive in reverse order', async () => {
  await bench.post('/test/switches', { webhook: { order: 'reverse', window_ms: 100 } });
  await pay();
  await receiver.until(3);
  expect(types()).toEqual([...IN_ORDER].reverse());
});

test('webhooks, on request, arrive twice', async () => {
  await bench.post('/test/switches', { webhook: { duplicate: 1 } });
  await pay();
  await receiver.until(6);
  expect(new Set(ids()).size).toBe(3);
});

test('webhooks, when lost, arrive only once they are sent by hand', async () => {
  await bench.post('/test/switches', { webhook: { lose: 2 } });
  await pay();
  await receiver.until(1);
  expect(types()).toEqual([IN_ORDER[2]]);
  const { data } = await bench.stripe.events.list({ type: 'charge.succeeded' });
  await bench.post('/test/webhooks/deliver', { event: data[0]?.id });
  await receiver.until(2);
  expect(types()[1]).toBe('charge.succeeded');
});

test('webhooks, while held, wait and are then released in the order asked for', async () => {
  await bench.post('/test/switches', { webhook: { hold: true } });
  await pay();
  expect(receiver.received).toEqual([]);
  await bench.post('/test/switches', { webhook: { hold: false } });
  expect(await bench.post('/test/webhooks/release', { order: 'reverse' })).toEqual({ released: 3 });
  await receiver.until(3);
  expect(types()).toEqual([...IN_ORDER].reverse());
});
