import Stripe from 'stripe';
import { DomainError } from '../../../src/domain/kernel/errors.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import type { Flows } from '../../../src/workflows/contracts.js';
import { openApp, type TestApp } from '../../support/app.js';

const SECRET = 'whsec_access';

let app: TestApp;
let signals: string[] = [];
let signalFails = false;
/** Why nobody can see the flows; null while they can be seen. */
let unseen: DomainError | null = null;

/** Flows that run and never get anywhere. */
const flows: Flows = {
  start: async () => undefined,
  checkoutOutcome: async () => ({ kind: 'undecided' }),
  signal: async (workflowId, signal) => {
    if (signalFails) throw new Error('no answer');
    signals.push(`${workflowId} ${signal}`);
    return true;
  },
  update: () => Promise.reject(new Error('not asked for')),
  state: async () => {
    if (unseen !== null) throw unseen;
    return 'running';
  },
};

beforeAll(async () => {
  const stripe = createStripeGateway({
    secretKey: 'sk_test_x',
    apiUrl: 'http://127.0.0.1:9',
    webhookSecrets: [SECRET],
  });
  app = await openApp({ flows, gateways: new Map([['stripe', stripe]]) });
});
beforeEach(() => {
  signals = [];
  signalFails = false;
  unseen = null;
});
afterAll(() => app.close());

const BODY = {
  email: 'ada@example.com',
  shipping_address: { name: 'Ada', line1: '1 Main St', city: 'Springfield', postal_code: '12345', country: 'US' },
  shipping_method: 'standard',
  payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
};
interface Started {
  readonly checkout_id: string;
  readonly order_token: string;
  readonly events_token: string;
}

async function guestCart(): Promise<Record<string, string>> {
  const { variantId } = await app.shop.product();
  const added = await app.call('POST', '/cart/items', { body: { variant_id: variantId, quantity: 2 } });
  return {
    'X-Cart-Token': added.headers.get('X-Cart-Token') ?? (added.body as { cart_token?: string }).cart_token ?? '',
  };
}
const start = (headers: Record<string, string>, change: object = {}) =>
  app.call<Started>('POST', '/checkout', { body: { ...BODY, ...change }, headers });

function tell(intentId: string, checkoutId: string | null, status = 'requires_capture') {
  const payload = JSON.stringify({
    id: `evt_${newId()}`,
    object: 'event',
    type: 'payment_intent.amount_capturable_updated',
    created: Math.floor(Date.now() / 1_000),
    data: {
      object: {
        id: intentId,
        object: 'payment_intent',
        amount: 2_499,
        currency: 'usd',
        status,
        created: 1,
        latest_charge: null,
        last_payment_error: null,
        metadata: { checkout_id: checkoutId },
      },
    },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET });
  return fetch(`${app.origin}/api/v1/webhooks/stripe`, {
    method: 'POST',
    body: payload,
    headers: { 'Stripe-Signature': signature },
  });
}

test('a checkout whose flow nobody can see is answered 503, and its repeat joins it', async () => {
  const cart = { ...(await guestCart()), 'Idempotency-Key': newId() };
  unseen = new DomainError('temporarily_unavailable', 'Temporal does not answer');
  const first = await start(cart);
  expect([first.status, first.headers.get('Retry-After')]).toEqual([503, '2']);
  const { body: left } = await app.call<{ checkout_id: string }>('GET', '/cart', { headers: cart });
  unseen = null;
  const repeat = await start(cart);
  expect([repeat.status, repeat.body.checkout_id]).toEqual([202, left.checkout_id]);
  const begun = await app.shop.rows(
    'select id from checkouts where cart_id = (select cart_id from checkouts where id = ?)',
    [left.checkout_id],
  );
  expect(begun).toEqual([{ id: left.checkout_id }]);
});

test('a checkout, of another guest or customer, is not there: to read, to cancel and to follow', async () => {
  const owner = await guestCart();
  const { status, body } = await start(owner);
  expect(status).toBe(202);
  const path = `/checkout/${body.checkout_id}`;
  const strangers = [
    {},
    await guestCart(),
    (await app.login()).headers,
    { 'X-Order-Token': 'f'.repeat(64) },
    { 'X-Order-Token': body.events_token },
  ];
  for (const headers of strangers)
    for (const [method, at] of [
      ['GET', path],
      ['DELETE', path],
      ['GET', `${path}/events`],
    ] as const)
      expect((await app.call(method, at, { headers })).status).toBe(404);
  for (const token of ['', 'x', body.order_token, `9${body.events_token}`])
    expect((await app.call('GET', `${path}/events?events_token=${token}`, { headers: owner })).status).toBe(404);
  for (const headers of [owner, { 'X-Order-Token': body.order_token }])
    expect((await app.call('GET', path, { headers })).status).toBe(200);
});

test('a customer, who still holds a guest cart’s token, buys that cart as their own and not the order before it', async () => {
  const { userId, headers } = await app.login();
  const { variantId } = await app.shop.product();
  await app.call('POST', '/cart/items', { body: { variant_id: variantId, quantity: 1 }, headers });
  await app.shop.run("update carts set status = 'ordered', order_id = ? where user_id = ?", [newId(), userId]);

  const guest = await guestCart();
  const { status, body } = await start({ ...headers, ...guest });
  expect(status).toBe(202);
  await expect(
    app.shop.rows(
      'select k.user_id, c.user_id as cart_user from checkouts k join carts c on c.id = k.cart_id where k.id = ?',
      [body.checkout_id],
    ),
  ).resolves.toEqual([{ user_id: userId, cart_user: userId }]);
});

test('a total in another currency, with and without a key, is refused as a changed price', async () => {
  for (const key of [{}, { 'Idempotency-Key': newId() }] as Record<string, string>[]) {
    const answer = await start(
      { ...(await guestCart()), ...key },
      { expected_total: { amount: 2_499, currency: 'EUR' } },
    );
    expect([answer.status, (answer.body as unknown as { error: { code: string } }).error.code]).toEqual([
      409,
      'price_changed',
    ]);
  }
});

test('a new Idempotency-Key, of a cart that cannot be bought, is refused before anything is written; a used one is not', async () => {
  const cart = await guestCart();
  const used = { ...cart, 'Idempotency-Key': newId() };
  const { body } = await start(used);
  await app.shop.run('update stock_levels set on_hand = reserved', []);
  // The checkout ended and the cart is free again: only the key remembers.
  await app.shop.closeCheckout(body.checkout_id);
  await app.shop.run('update carts set checkout_id = ? where checkout_id = ?', [newId(), body.checkout_id]);
  const fresh = await start({ ...cart, 'Idempotency-Key': newId() });
  expect([fresh.status, (fresh.body as unknown as { error: { code: string } }).error.code]).toEqual([
    409,
    'out_of_stock',
  ]);
  const repeated = await start(used);
  expect((repeated.body as unknown as { error: { code: string; data: object } }).error).toMatchObject({
    code: 'invalid_transition',
    data: { checkout_id: body.checkout_id },
  });
  await expect(
    app.shop.rows('select id from checkouts where cart_id = (select cart_id from checkouts where id = ?)', [
      body.checkout_id,
    ]),
  ).resolves.toHaveLength(1);
});

test.each([
  ['stolen_card', 'generic_decline'],
  ['constructor', 'generic_decline'],
  ['insufficient_funds', 'insufficient_funds'],
])('a decline for %s is told as %s, by either call, and kept as it was', async (reason, told) => {
  const cart = await guestCart();
  const { body } = await start(cart);
  await app.shop.run(
    `update checkouts set status = 'failed', closed_at = now(), failure_code = 'card_declined', failure_data = ?::jsonb where id = ?`,
    [JSON.stringify({ reason }), body.checkout_id],
  );
  const read = await app.call<{ failure: object }>('GET', `/checkout/${body.checkout_id}`, { headers: cart });
  expect(read.body.failure).toEqual({ code: 'card_declined', data: { reason: told } });
  const again = await start(cart);
  expect([again.status, again.body]).toMatchObject([402, { error: { code: 'card_declined', data: { reason: told } } }]);
});

test('an event of the provider wakes the flow that waits, and is 2xx for what is not ours', async () => {
  const { body } = await start(await guestCart());
  await app.shop.run("update checkouts set status = 'requires_action' where id = ?", [body.checkout_id]);
  await app.shop.run(
    `insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash) values (?, ?, 'authorise', 1, ?, '')`,
    [newId(), body.checkout_id, body.checkout_id],
  );
  expect((await tell('pi_ours', body.checkout_id)).status).toBe(200);
  expect(signals).toEqual([`checkout-${body.checkout_id} paymentHeard`]);
  for (const other of [null, 'order 66', newId()]) expect((await tell('pi_other', other)).status).toBe(200);
  expect(signals).toHaveLength(1);
});

test('an event, whose flow cannot be reached, is refused so that the provider sends it again', async () => {
  const { body } = await start(await guestCart());
  await app.shop.run("update checkouts set status = 'requires_action' where id = ?", [body.checkout_id]);
  await app.shop.run(
    `insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash) values (?, ?, 'authorise', 1, ?, '')`,
    [newId(), body.checkout_id, body.checkout_id],
  );
  signalFails = true;
  expect((await tell('pi_again', body.checkout_id)).status).toBeGreaterThanOrEqual(500);
});

test('an event, unsigned or signed by another, is refused and not stored', async () => {
  const before = await app.shop.rows('select id from payment_events');
  for (const headers of [{}, { 'Stripe-Signature': 't=1,v1=00' }] as Record<string, string>[]) {
    const answer = await fetch(`${app.origin}/api/v1/webhooks/stripe`, { method: 'POST', body: '{}', headers });
    expect(answer.status).toBe(400);
  }
  expect(await app.shop.rows('select id from payment_events')).toHaveLength(before.length);
});
