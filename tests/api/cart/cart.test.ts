import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type CallOptions, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

interface CartBody {
  readonly id: string | null;
  readonly status: string;
  readonly lines: readonly { readonly id: string; readonly variant_id: string; readonly quantity: number }[];
  readonly version: number;
  readonly cart_token?: string;
  readonly problems: readonly unknown[];
}

const call = (method: string, path: string, options?: CallOptions) => app.call<CartBody>(method, path, options);

async function guestCart(product: Parameters<TestApp['shop']['product']>[0] = {}, quantity = 1) {
  const sold = await app.shop.product(product);
  const { body } = await call('POST', '/cart/items', { body: { variant_id: sold.variantId, quantity } });
  return {
    ...sold,
    cartId: body.id ?? '',
    lineId: body.lines[0]?.id ?? '',
    headers: { 'X-Cart-Token': body.cart_token ?? '' },
  };
}

test('GET /cart, by a guest without a cart, shows an empty one and creates nothing', async () => {
  const { status, body, headers } = await call('GET', '/cart');
  expect(status).toBe(200);
  expect(body).toEqual({
    id: null,
    status: 'open',
    lines: [],
    subtotal: { amount: 0, currency: 'USD' },
    currency: 'USD',
    problems: [],
    version: 0,
    order_id: null,
    reservation: null,
  });
  expect(headers.get('ETag')).toBe('"0"');
  const { headers: user } = await app.login();
  await call('GET', '/cart', { headers: user });
  expect(await app.shop.rows('select id from carts where user_id is not null')).toEqual([]);
});

test('POST /cart/items, by a guest, makes a cart whose token is told once and stored as a hash', async () => {
  const { variantId } = await app.shop.product({ price: 1_250 });
  const { status, body, headers } = await call('POST', '/cart/items', { body: { variant_id: variantId, quantity: 2 } });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    status: 'open',
    lines: [
      {
        variant_id: variantId,
        quantity: 2,
        unit_price: { amount: 1_250 },
        line_total: { amount: 2_500 },
        problems: [],
      },
    ],
    subtotal: { amount: 2_500, currency: 'USD' },
    version: 1,
  });
  const token = body.cart_token ?? '';
  expect(token).toMatch(/^[\w-]{43}$/);
  expect(headers.get('X-Cart-Token')).toBe(token);
  const read = await call('GET', '/cart', { headers: { 'X-Cart-Token': token } });
  expect(read.body).toMatchObject({ id: body.id, lines: [{ quantity: 2 }] });
  expect(read.body.cart_token).toBeUndefined();
  expect(JSON.stringify(await app.shop.rows('select * from carts'))).not.toContain(token);
});

test('a cart, asked for with the token of another or an unknown one, is not shown', async () => {
  const mine = await guestCart();
  const other = await guestCart();
  expect((await call('GET', '/cart', { headers: other.headers })).body.id).toBe(other.cartId);
  expect((await call('GET', '/cart', { headers: { 'X-Cart-Token': 'a'.repeat(43) } })).body.id).toBeNull();
  const changed = await call('PATCH', `/cart/items/${mine.lineId}`, { headers: other.headers, body: { quantity: 5 } });
  expect(changed.status).toBe(404);
});

test('a cart that went over to a user is not shown for its old token', async () => {
  const guest = await guestCart();
  const { headers } = await app.login();
  const { variantId } = await app.shop.product();
  await call('POST', '/cart/items', { headers: { ...headers, ...guest.headers }, body: { variant_id: variantId } });
  expect((await call('GET', '/cart', { headers })).body.lines).toHaveLength(2);
  expect((await call('GET', '/cart', { headers: guest.headers })).body.id).toBeNull();
});

test('a login takes the guest cart along', async () => {
  const guest = await guestCart();
  const account = {
    email: `${newId()}@example.com`,
    username: `u${newId().slice(-12)}`,
    password: 'correct horse battery',
  };
  expect((await app.call('POST', '/auth/register', { body: account })).status).toBe(201);
  const { body } = await app.call<{ access_token: string }>('POST', '/auth/login', {
    headers: guest.headers,
    body: { email: account.email, password: account.password },
  });
  const cart = await call('GET', '/cart', { headers: { Authorization: `Bearer ${body.access_token}` } });
  expect(cart.body).toMatchObject({ lines: [{ variant_id: guest.variantId, quantity: 1 }], problems: [] });
});

test('PATCH and DELETE change lines and raise the version', async () => {
  const { headers, lineId, variantId } = await guestCart();
  const patched = await call('PATCH', `/cart/items/${lineId}`, { headers, body: { quantity: 7 } });
  expect(patched.body).toMatchObject({ version: 2, lines: [{ variant_id: variantId, quantity: 7 }] });
  expect(patched.headers.get('ETag')).toBe('"2"');
  const removed = await call('DELETE', `/cart/items/${lineId}`, { headers });
  expect(removed.body).toMatchObject({ version: 3, lines: [] });
  expect((await call('DELETE', `/cart/items/${lineId}`, { headers })).status).toBe(404);
  await call('POST', '/cart/items', { headers, body: { variant_id: variantId } });
  expect((await call('DELETE', '/cart', { headers })).body).toMatchObject({ version: 5, lines: [] });
});

test.each([
  ['POST', '/cart/items', true],
  ['PATCH', '/cart/items/:id', true],
  ['DELETE', '/cart/items/:id', false],
  ['DELETE', '/cart', false],
] as const)(
  '%s %s, with If-Match of an older version, answers 412 and changes nothing',
  async (method, path, hasBody) => {
    const { headers, lineId, variantId } = await guestCart();
    const body = method === 'POST' ? { variant_id: variantId, quantity: 1 } : { quantity: 1 };
    const stale = await app.call(method, path.replace(':id', lineId), {
      headers: { ...headers, 'If-Match': '"0"' },
      ...(hasBody ? { body } : {}),
    });
    expect([stale.status, stale.body.error.code]).toEqual([412, 'precondition_failed']);
    expect((await call('GET', '/cart', { headers })).body).toMatchObject({ version: 1, lines: [{ quantity: 1 }] });
    const current = await call(method, path.replace(':id', lineId), {
      headers: { ...headers, 'If-Match': '"1"' },
      ...(hasBody ? { body } : {}),
    });
    expect(current.body.version).toBe(2);
  },
);

test('a cart shows at once that a price or the stock changed, cached or not, and a PATCH accepts the price', async () => {
  const { headers, lineId, productId, variantId } = await guestCart({ price: 1_000, stock: 5 }, 3);
  expect((await call('GET', '/cart', { headers })).body.problems).toEqual([]);
  await app.shop.setPrice(productId, 1_100);
  await app.shop.setStock(variantId, 2);
  const problems = [
    {
      code: 'price_changed',
      line_id: lineId,
      previous: { amount: 1_000, currency: 'USD' },
      current: { amount: 1_100, currency: 'USD' },
    },
    { code: 'out_of_stock', line_id: lineId, available: 2 },
  ];
  const changed = await call('GET', '/cart', { headers });
  expect(changed.body).toMatchObject({ problems, subtotal: { amount: 3_300 }, lines: [{ problems }] });
  const accepted = await call('PATCH', `/cart/items/${lineId}`, { headers, body: { quantity: 2 } });
  expect(accepted.body).toMatchObject({ problems: [], subtotal: { amount: 2_200 } });
});

test('a cart leaves what is no longer sold out of its subtotal', async () => {
  const { headers, lineId, variantId } = await guestCart();
  await app.shop.retire(variantId);
  expect((await call('GET', '/cart', { headers })).body).toMatchObject({
    subtotal: { amount: 0 },
    problems: [{ code: 'unavailable', line_id: lineId }],
  });
});

test('a cart, while it is checked out, names the checkout and refuses every change with its address', async () => {
  const { headers, lineId, cartId, variantId } = await guestCart();
  const checkoutId = await app.shop.openCheckout(cartId);
  expect((await call('GET', '/cart', { headers })).body).toMatchObject({ checkout_id: checkoutId });
  for (const [method, path, body] of [
    ['POST', '/cart/items', { variant_id: variantId }],
    ['PATCH', `/cart/items/${lineId}`, { quantity: 2 }],
    ['DELETE', `/cart/items/${lineId}`, undefined],
    ['DELETE', '/cart', undefined],
  ] as const) {
    const refused = await app.call(method, path, { headers, body });
    expect([refused.status, refused.body.error]).toMatchObject([
      409,
      { code: 'checkout_in_progress', data: { checkout_id: checkoutId, url: `/api/v1/checkout/${checkoutId}` } },
    ]);
  }
  await app.shop.closeCheckout(checkoutId);
  expect((await call('PATCH', `/cart/items/${lineId}`, { headers, body: { quantity: 2 } })).status).toBe(200);
});

test('an ordered cart names its order, refuses changes, and the next item begins a new cart', async () => {
  const { headers, cartId, lineId, variantId } = await guestCart();
  await app.shop.orderCart(cartId);
  const ordered = await call('GET', '/cart', { headers });
  expect(ordered.body).toMatchObject({ id: cartId, status: 'ordered', order_id: expect.any(String) as string });
  expect((await call('PATCH', `/cart/items/${lineId}`, { headers, body: { quantity: 2 } })).status).toBe(409);
  const next = await call('POST', '/cart/items', { headers, body: { variant_id: variantId } });
  expect(next.body).toMatchObject({ status: 'open', version: 1, cart_token: expect.any(String) as string });
});

test('a hold shows until when it lasts', async () => {
  const { headers, cartId } = await guestCart();
  await app.shop.run("insert into cart_holds (id, cart_id, expires_at) values (?, ?, now() + interval '5 minutes')", [
    newId(),
    cartId,
  ]);
  expect((await call('GET', '/cart', { headers })).body).toMatchObject({
    reservation: { expires_at: expect.any(String) as string },
  });
});

describe('the cache of carts', () => {
  const ttl = (cartId: string) => app.redis.ttl(`${app.prefix}cart:${cartId}`);

  test('keeps a cart for a week', async () => {
    const { cartId } = await guestCart();
    const seconds = await ttl(cartId);
    expect(seconds).toBeGreaterThan(7 * 86_400 - 60);
    expect(seconds).toBeLessThanOrEqual(7 * 86_400);
  });

  test('is used: what stands there under the right stamp is shown', async () => {
    const { cartId, headers } = await guestCart({ title: 'Original' });
    const key = `${app.prefix}cart:${cartId}`;
    await app.redis.set(key, ((await app.redis.get(key)) ?? '').replace('Original', 'From the cache'));
    expect((await call('GET', '/cart', { headers })).body).toMatchObject({ lines: [{ title: 'From the cache' }] });
  });

  test('is not believed when a fill comes after the change it missed', async () => {
    const { cartId, headers, lineId } = await guestCart();
    const key = `${app.prefix}cart:${cartId}`;
    const stale = (await app.redis.get(key)) ?? '';
    await call('PATCH', `/cart/items/${lineId}`, { headers, body: { quantity: 9 } });
    await app.redis.set(key, stale);
    expect((await call('GET', '/cart', { headers })).body).toMatchObject({ lines: [{ quantity: 9 }] });
  });
});

test('a cart works without Redis', async () => {
  const alone = await openApp();
  try {
    const { variantId } = await alone.shop.product();
    alone.redis.disconnect();
    const added = await alone.call<CartBody>('POST', '/cart/items', { body: { variant_id: variantId } });
    const read = await alone.call<CartBody>('GET', '/cart', {
      headers: { 'X-Cart-Token': added.body.cart_token ?? '' },
    });
    expect([added.status, read.status, read.body.lines.length]).toEqual([200, 200, 1]);
  } finally {
    await alone.close();
  }
});
