import { mergeCarts } from '../../../src/domain/cart/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';
import { watchStatements } from '../../support/statements.js';

const FEW = 1;
const MANY = 40;

interface Cart {
  readonly id: string;
  readonly lines: readonly { readonly id: string }[];
  readonly cart_token: string;
}

let app: TestApp;
let watch: ReturnType<typeof watchStatements>;
const variants: string[] = [];
beforeAll(async () => {
  watch = watchStatements();
  const refuse = () => Promise.reject(new Error('not asked for'));
  app = await openApp({
    gateways: new Map([['stripe', { limits: createStripeLimits() } as never]]),
    flows: {
      start: refuse,
      checkoutOutcome: async () => ({ kind: 'undecided' }),
      signal: refuse,
      update: refuse,
      state: async () => 'running',
    },
  });
  for (let made = 0; made <= MANY; made += 1) variants.push((await app.shop.product()).variantId);
});
afterAll(async () => {
  watch.end();
  await app.close();
});

/** Statements of one request that succeeds. */
async function statements(
  method: string,
  path: string,
  options: Parameters<TestApp['call']>[2] = {},
): Promise<string[]> {
  return watch.during(async () => {
    const { status, body } = await app.call(method, path, options);
    if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`);
  });
}

/** A guest's cart of so many lines. */
async function cartOf(lines: number) {
  const { body } = await app.call<Cart>('POST', '/cart/items', { body: { variant_id: variants[0] } });
  for (const variantId of variants.slice(1, lines))
    await app.shop.run(
      `insert into cart_lines (id, cart_id, variant_id, quantity, unit_price_amount, currency) values (?, ?, ?, 1, 1000, 'USD')`,
      [newId(), body.id, variantId],
    );
  return { id: body.id, lineId: body.lines[0]?.id ?? '', headers: { 'X-Cart-Token': body.cart_token } };
}

test('the watch sees what is asked inside and outside of transactions', async () => {
  const seen = await watch.during(() => app.deps.transact((em) => em.execute('select 42')));
  expect(seen.filter((text) => text.includes('select 42'))).toHaveLength(1);
  expect(await watch.during(() => app.deps.query((em) => em.execute('select 43')))).toHaveLength(1);
});

test('a list of products takes one statement, whatever its page size', async () => {
  expect(await statements('GET', '/products?limit=1')).toHaveLength(1);
  expect(await statements('GET', `/products?limit=${MANY}`)).toHaveLength(1);
});

test('a product takes as many statements with many variants as with one', async () => {
  const { productId } = await app.shop.product();
  const few = await statements('GET', `/products/${productId}`);
  for (let made = 0; made < MANY; made += 1)
    await app.shop.run(`insert into variants (id, product_id, sku, currency) values (?, ?, ?, 'USD')`, [
      newId(),
      productId,
      `MANY-${made}`,
    ]);
  expect(await statements('GET', `/products/${productId}`)).toHaveLength(few.length);
});

test('a list of products for staff takes as many statements for many as for one', async () => {
  const { headers } = await app.login({ roles: ['admin'] });
  await statements('GET', '/admin/products?limit=1', { headers });
  const one = await statements('GET', '/admin/products?limit=1', { headers });
  expect(await statements('GET', `/admin/products?limit=${MANY}`, { headers })).toHaveLength(one.length);
  expect(one.filter((text) => text.includes('from products'))).toHaveLength(1);
});

test('a category that moves takes as many statements with much below it as with little', async () => {
  const { headers } = await app.login({ roles: ['admin'] });
  const make = async (name: string, parent_id?: string): Promise<string> =>
    (await app.call<{ id: string }>('POST', '/admin/categories', { headers, body: { name, parent_id } })).body.id;
  const home = await make('Home');
  const counts: number[] = [];
  for (const below of [FEW, MANY]) {
    const top = await make(`Top ${below}`);
    for (let made = 0; made < below; made += 1) {
      const { productId } = await app.shop.product();
      const leaf = await make(`Leaf ${below} ${made}`, top);
      await app.shop.run('update products set category_id = ? where id = ?', [leaf, productId]);
    }
    const move = { headers, body: { parent_id: home, slug: `moved-${below}` } };
    counts.push((await statements('PATCH', `/admin/categories/${top}`, move)).length);
    expect(await app.shop.rows(`select from categories where path <@ ?::ltree`, [`home.moved-${below}`])).toHaveLength(
      below + 1,
    );
  }
  expect(counts).toEqual(same(counts));
});

test('a cart takes one statement where the cache is warm and two where it is empty, however many lines it has', async () => {
  for (const lines of [FEW, MANY]) {
    const { id, headers } = await cartOf(lines);
    await app.redis.del(`${app.prefix}cart:${id}`);
    expect(await statements('GET', '/cart', { headers })).toHaveLength(2);
    expect(await statements('GET', '/cart', { headers })).toHaveLength(1);
  }
});

/** How many statements the same request takes for a cart of few lines and for one of many. */
async function compare(ask: (cart: Awaited<ReturnType<typeof cartOf>>) => Promise<string[]>): Promise<number[]> {
  return [(await ask(await cartOf(FEW))).length, (await ask(await cartOf(MANY))).length];
}

/** The one number that both took. */
const same = ([few = 0]: readonly number[]): number[] => [few, few];

test.each<[string, string, (lineId: string) => string, () => object | undefined]>([
  ['adding to it', 'POST', () => '/cart/items', () => ({ variant_id: variants[MANY] })],
  ['adding to a line', 'POST', () => '/cart/items', () => ({ variant_id: variants[0] })],
  ['changing a line', 'PATCH', (lineId: string) => `/cart/items/${lineId}`, () => ({ quantity: 3 })],
  ['removing a line', 'DELETE', (lineId: string) => `/cart/items/${lineId}`, () => undefined],
  ['emptying it', 'DELETE', () => '/cart', () => undefined],
])('%s takes a cart as many statements with many lines as with few', async (_, method, path, body) => {
  const counts = await compare(({ headers, lineId }) => statements(method, path(lineId), { headers, body: body() }));
  expect(counts).toEqual(same(counts));
});

test('merging a guest’s cart into a user’s takes as many statements with many lines as with few', async () => {
  const counts = await compare(async ({ headers }) => {
    const user = await app.login();
    await app.call('POST', '/cart/items', { headers: user.headers, body: { variant_id: variants[0] } });
    const merge = { userId: user.userId, cartToken: headers['X-Cart-Token'] };
    return watch.during(async () => {
      if ((await app.deps.transact((em) => mergeCarts(em, merge))) === null) throw new Error('nothing was merged');
    });
  });
  expect(counts).toEqual(same(counts));
});

test('accepting a checkout takes as many statements with many lines as with few', async () => {
  const body = {
    email: 'guest@example.com',
    shipping_address: { name: 'A Guest', line1: '1 Main St', city: 'Town', postal_code: '1', country: 'US' },
    shipping_method: 'standard',
    payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
  };
  const counts = await compare(({ headers }) => statements('POST', '/checkout', { headers, body }));
  expect(counts).toEqual(same(counts));
});

/** How often they read the lines of orders, to tell all of one. */
const whole = (texts: readonly string[]): number =>
  texts.filter((text) => text.includes('from order_lines l where l.order_id = o.id')).length;

test('a cancellation that is under way reads its order once, however often it looks whether it is done', async () => {
  const { headers, userId } = await app.login();
  const id = await placedOrder(app.deps.query, app.deps.cipher);
  await app.shop.run('update orders set user_id = ? where id = ?', [userId, id]);
  const asked = await statements('POST', `/orders/${id}/cancel`, { headers, body: {} });
  expect(asked.filter((text) => text.startsWith('select 1 from order_cancellations')).length).toBeGreaterThan(3);
  expect(whole(asked)).toBe(1);
});

test('a refund is asked for and told without reading the whole order', async () => {
  const { headers } = await app.login({ roles: ['staff'] });
  const id = await placedOrder(app.deps.query, app.deps.cipher);
  const body = { amount: { amount: 100, currency: 'USD' } };
  expect(whole(await statements('POST', `/admin/orders/${id}/refunds`, { headers, body }))).toBe(0);
  const [refund] = await app.shop.rows<{ id: string }>('select id from refunds where order_id = ?', [id]);
  expect(await statements('GET', `/admin/orders/${id}/refunds/${refund?.id}`, { headers })).toContainEqual(
    expect.stringContaining('from refunds where order_id'),
  );
  expect(whole(await statements('GET', `/admin/orders/${id}/refunds/${refund?.id}`, { headers }))).toBe(0);
});
