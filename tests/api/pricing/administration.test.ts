import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type CallOptions, type TestApp } from '../../support/app.js';

interface Rule {
  readonly id: string;
}
interface CartBody {
  readonly id: string;
  readonly subtotal: { readonly amount: number };
  readonly lines: readonly { readonly id: string; readonly unit_price: { readonly amount: number } }[];
  readonly problems: readonly object[];
  readonly cart_token?: string;
}

let app: TestApp;
let admin: Awaited<ReturnType<TestApp['login']>>;
beforeAll(async () => {
  app = await openApp();
  admin = await app.login({ roles: ['admin'] });
});
afterAll(() => app.close());

const ask = <T = Rule>(method: string, path: string, body?: unknown, headers: CallOptions['headers'] = {}) =>
  app.call<T>(method, `/admin/pricing${path}`, {
    headers: { ...admin.headers, ...headers },
    ...(body === undefined ? {} : { body }),
  });
const refusal = async (method: string, path: string, body?: unknown) => {
  const { status, body: answer } = await app.call(method, `/admin/pricing${path}`, {
    headers: admin.headers,
    ...(body === undefined ? {} : { body }),
  });
  return [status, answer.error.code];
};
const auditOf = (objectId: string) =>
  app.shop.rows<{ action: string; actor_id: string; data: object }>(
    'select action, actor_id, data from audit_log where object_id = ? order by id',
    [objectId],
  );
const priceOf = async (variantId: string, query: string) =>
  (await app.call<{ unit_price: { amount: number } }>('GET', `/variants/${variantId}/price?${query}`)).body.unit_price
    .amount;
/** A cart that was read and so stands in Redis. */
async function cachedCart(variantId: string, quantity: number, headers: Readonly<Record<string, string>> = {}) {
  const { body } = await app.call<CartBody>('POST', '/cart/items', {
    headers,
    body: { variant_id: variantId, quantity },
  });
  const own = { ...headers, ...(body.cart_token === undefined ? {} : { 'X-Cart-Token': body.cart_token }) };
  const read = async () => (await app.call<CartBody>('GET', '/cart', { headers: own })).body;
  await read();
  expect(await app.redis.exists(`${app.prefix}cart:${body.id}`)).toBe(1);
  return read;
}

test.each([
  ['GET', '/quantity-breaks'],
  ['POST', '/quantity-breaks'],
  ['GET', '/tiers'],
  ['PATCH', '/tiers/GOLD'],
  ['PUT', '/tax-rates/DE/standard'],
  ['DELETE', '/shipping-methods/01900000-0000-7000-8000-000000000011'],
])('%s %s, by a guest, a customer, staff or a vendor, is refused and changes nothing', async (method, path) => {
  const before = await app.shop.rows('select * from audit_log');
  const call = (headers: CallOptions['headers']) =>
    app.call(method, `/admin/pricing${path}`, { ...(headers === undefined ? {} : { headers }) });
  expect((await call({})).status).toBe(401);
  for (const role of ['customer', 'staff', 'vendor']) {
    const { headers } = await app.login({ roles: [role] });
    expect((await call(headers)).status).toBe(403);
  }
  expect(await app.shop.rows('select * from audit_log')).toEqual(before);
});

describe('a quantity break', () => {
  test('when added, changed and removed, counts at once in prices and in carts that stand in the cache', async () => {
    const { variantId } = await app.shop.product({ price: 1_000 });
    const read = await cachedCart(variantId, 5);
    expect((await read()).subtotal.amount).toBe(5_000);

    const { status, body, headers } = await ask('POST', '/quantity-breaks', {
      variant_id: variantId,
      min_quantity: 5,
      discount_bp: 2_000,
    });
    expect([status, body]).toEqual([201, { id: body.id, variant_id: variantId, min_quantity: 5, discount_bp: 2_000 }]);
    expect(headers.get('Location')).toBe(`/api/v1/admin/pricing/quantity-breaks/${body.id}`);
    expect(await priceOf(variantId, 'quantity=5')).toBe(800);
    expect(await read()).toMatchObject({
      subtotal: { amount: 4_000 },
      problems: [{ code: 'price_changed', previous: { amount: 1_000 }, current: { amount: 800 } }],
    });

    expect((await ask('PATCH', `/quantity-breaks/${body.id}`, { discount_bp: 3_000 })).status).toBe(200);
    expect((await read()).subtotal.amount).toBe(3_500);
    await ask('PATCH', `/quantity-breaks/${body.id}`, { min_quantity: 6 });
    expect((await read()).subtotal.amount).toBe(5_000);
    await ask('PATCH', `/quantity-breaks/${body.id}`, { min_quantity: 2 });
    expect((await read()).subtotal.amount).toBe(3_500);

    expect((await ask('DELETE', `/quantity-breaks/${body.id}`)).status).toBe(204);
    expect(await read()).toMatchObject({ subtotal: { amount: 5_000 }, problems: [] });
    expect(await refusal('GET', `/quantity-breaks/${body.id}`)).toEqual([404, 'not_found']);

    const trail = await auditOf(body.id);
    expect(trail.map(({ action }) => action)).toEqual([
      'quantity_break.added',
      ...Array.from({ length: 3 }, () => 'quantity_break.changed'),
      'quantity_break.removed',
    ]);
    expect(trail[1]).toMatchObject({
      actor_id: admin.userId,
      data: { before: { discountBp: 2_000 }, after: { discountBp: 3_000 } },
    });
  });

  test('for every variant, counts beside those of one: the best earned', async () => {
    const { variantId } = await app.shop.product({ price: 1_000 });
    const { body: all } = await ask('POST', '/quantity-breaks', { min_quantity: 3, discount_bp: 500 });
    expect(await priceOf(variantId, 'quantity=3')).toBe(950);
    await ask('POST', '/quantity-breaks', { variant_id: variantId, min_quantity: 3, discount_bp: 700 });
    expect(await priceOf(variantId, 'quantity=3')).toBe(930);
    await ask('DELETE', `/quantity-breaks/${all.id}`);
    expect(await priceOf(variantId, 'quantity=3')).toBe(930);
  });

  test('of a quantity that has one, also by two at once or by a change, is a conflict', async () => {
    const { variantId } = await app.shop.product();
    const rule = { variant_id: variantId, min_quantity: 7, discount_bp: 100 };
    const answers = await Promise.all([1, 2, 3].map(() => ask('POST', '/quantity-breaks', rule)));
    expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([201, 409, 409]);
    const { body: other } = await ask('POST', '/quantity-breaks', { ...rule, min_quantity: 8 });
    expect(await refusal('PATCH', `/quantity-breaks/${other.id}`, { min_quantity: 7 })).toEqual([409, 'conflict']);
  });

  test('repeated with its Idempotency-Key, is made once; with another body, is refused', async () => {
    const { variantId } = await app.shop.product();
    const rule = { variant_id: variantId, min_quantity: 4, discount_bp: 100 };
    const key = { 'Idempotency-Key': newId() };
    const made = await Promise.all([1, 2].map(() => ask('POST', '/quantity-breaks', rule, key)));
    expect(made.map(({ status }) => status)).toEqual([201, 201]);
    expect(made[0]?.body).toEqual(made[1]?.body);
    expect(made.filter(({ headers }) => headers.get('Idempotent-Replayed') === 'true')).toHaveLength(1);
    expect((await ask('POST', '/quantity-breaks', { ...rule, discount_bp: 200 }, key)).status).toBe(422);
  });

  test.each([
    ['from one on', { min_quantity: 1, discount_bp: 100 }],
    ['of nothing', { min_quantity: 2, discount_bp: 0 }],
    ['of more than all', { min_quantity: 2, discount_bp: 10_001 }],
    ['of a fraction', { min_quantity: 2, discount_bp: 0.5 }],
    ['beyond what a cart takes', { min_quantity: 10_000, discount_bp: 100 }],
    ['with an unknown field', { min_quantity: 2, discount_bp: 100, colour: 'red' }],
  ])('%s, is refused', async (_, body) => {
    expect(await refusal('POST', '/quantity-breaks', body)).toEqual([400, 'validation_failed']);
  });

  test('of an unknown variant, is not found', async () => {
    const body = { variant_id: newId(), min_quantity: 2, discount_bp: 100 };
    expect(await refusal('POST', '/quantity-breaks', body)).toEqual([404, 'not_found']);
  });

  test('is listed page by page, of one variant', async () => {
    const { variantId } = await app.shop.product();
    const made: string[] = [];
    for (const quantity of [2, 3, 4]) {
      const body = { variant_id: variantId, min_quantity: quantity, discount_bp: 100 };
      made.push((await ask('POST', '/quantity-breaks', body)).body.id);
    }
    const list = async (cursor: string) =>
      (
        await ask<{ data: Rule[]; next_cursor: string | null }>(
          'GET',
          `/quantity-breaks?variant_id=${variantId}&limit=2${cursor}`,
        )
      ).body;
    const first = await list('');
    const second = await list(`&cursor=${first.next_cursor ?? ''}`);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(made);
    expect(second.next_cursor).toBeNull();
    expect(await refusal('GET', '/quantity-breaks?cursor=nonsense')).toEqual([400, 'validation_failed']);
  });
});

describe('a tier', () => {
  const code = () => `T${newId().slice(-12).toUpperCase()}`;

  test('when its discount changes, counts at once for its customers, carts in the cache included', async () => {
    const tier = { code: code(), name: 'Friends', discount_bp: 1_000 };
    expect((await ask('POST', '/tiers', tier)).body).toEqual(tier);
    const { variantId } = await app.shop.product({ price: 1_000 });
    const { headers } = await app.login({ tier: tier.code });
    const read = await cachedCart(variantId, 1, headers);
    expect((await read()).subtotal.amount).toBe(900);

    await ask('PATCH', `/tiers/${tier.code}`, { discount_bp: 2_500 });
    expect(await read()).toMatchObject({ subtotal: { amount: 750 }, problems: [{ code: 'price_changed' }] });
    expect(await priceOf(variantId, `tier=${tier.code}`)).toBe(750);
    expect((await app.call('GET', `/variants/${variantId}/price`, { headers })).body).toMatchObject({
      unit_price: { amount: 750 },
      adjustments: [{ kind: 'base' }, { kind: 'tier', label: 'Friends', rate: -2_500 }],
    });
    expect((await auditOf(tier.code)).map(({ action }) => action)).toEqual(['tier.added', 'tier.changed']);
  });

  test('when name and discount change so that the two run together as before, is not taken from the cache', async () => {
    const tier = { code: code(), name: 'Club', discount_bp: 1_500 };
    await ask('POST', '/tiers', tier);
    const { variantId } = await app.shop.product({ price: 1_000 });
    const read = await cachedCart(variantId, 1, (await app.login({ tier: tier.code })).headers);
    expect((await read()).subtotal.amount).toBe(850);
    await ask('PATCH', `/tiers/${tier.code}`, { name: 'Club1', discount_bp: 500 });
    expect((await read()).subtotal.amount).toBe(950);
  });

  test('given to a customer whose cart stands in the cache, counts at the next read', async () => {
    const { variantId } = await app.shop.product({ price: 1_000 });
    const { userId, headers } = await app.login();
    const read = await cachedCart(variantId, 1, headers);
    await app.call('PATCH', `/admin/users/${userId}`, { headers: admin.headers, body: { tier: 'GOLD' } });
    expect((await read()).subtotal.amount).toBe(850);
    expect((await app.call('GET', `/variants/${variantId}/price`, { headers })).body).toMatchObject({
      unit_price: { amount: 850 },
    });
  });

  test('of a code that is taken, is a conflict; of no code, refused', async () => {
    expect(await refusal('POST', '/tiers', { code: 'GOLD', name: 'Gold', discount_bp: 1 })).toEqual([409, 'conflict']);
    expect(await refusal('POST', '/tiers', { code: 'gold', name: 'Gold', discount_bp: 1 })).toEqual([
      400,
      'validation_failed',
    ]);
    expect(await refusal('PATCH', `/tiers/${code()}`, { discount_bp: 1 })).toEqual([404, 'not_found']);
  });

  test('is removed only when no customer is of it', async () => {
    const tier = { code: code(), name: 'Few', discount_bp: 100 };
    await ask('POST', '/tiers', tier);
    const userId = await app.shop.user({ tier: tier.code });
    expect(await refusal('DELETE', `/tiers/${tier.code}`)).toEqual([409, 'conflict']);
    await app.shop.run('update users set tier = null where id = ?', [userId]);
    expect((await ask('DELETE', `/tiers/${tier.code}`)).status).toBe(204);
    expect(await refusal('GET', `/tiers/${tier.code}`)).toEqual([404, 'not_found']);
  });

  test('removed while it is given to a customer, ends as one of the two, without a failure', async () => {
    for (let round = 0; round < 5; round += 1) {
      const tier = { code: code(), name: 'Rare', discount_bp: 100 };
      await ask('POST', '/tiers', tier);
      const userId = await app.shop.user();
      const [removed, given] = await Promise.all([
        ask('DELETE', `/tiers/${tier.code}`),
        app.call('PATCH', `/admin/users/${userId}`, { headers: admin.headers, body: { tier: tier.code } }),
      ]);
      expect([`${removed.status} ${given.status}`]).toEqual([expect.stringMatching(/^(204 400|409 200)$/)]);
    }
  });

  test('repeated with its Idempotency-Key, is answered as it was made', async () => {
    const tier = { code: code(), name: 'Once', discount_bp: 100 };
    const key = { 'Idempotency-Key': newId() };
    const [first, again] = [await ask('POST', '/tiers', tier, key), await ask('POST', '/tiers', tier, key)];
    expect([first.status, again.status, again.body]).toEqual([201, 201, tier]);
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
  });

  test('is listed by code, page by page', async () => {
    const first = await ask<{ data: { code: string }[]; next_cursor: string }>('GET', '/tiers?limit=1');
    const second = await ask<{ data: { code: string }[] }>('GET', `/tiers?limit=100&cursor=${first.body.next_cursor}`);
    const codes = [...first.body.data, ...second.body.data].map((tier) => tier.code);
    expect(codes).toEqual(expect.arrayContaining(['GOLD', 'SILVER']));
    expect(codes).toEqual([...new Set(codes)].sort());
  });
});

describe('a tax rate', () => {
  test('is set, read in the list, and removed', async () => {
    const rate = { rate_bp: 2_200, name: 'IVA' };
    expect((await ask('PUT', '/tax-rates/IT/standard', rate)).body).toEqual({
      country: 'IT',
      tax_class: 'standard',
      ...rate,
    });
    await ask('PUT', '/tax-rates/IT/standard', { ...rate, rate_bp: 2_300 });
    const { body } = await ask<{ data: object[] }>('GET', '/tax-rates?limit=100');
    expect(body.data).toContainEqual({ country: 'IT', tax_class: 'standard', name: 'IVA', rate_bp: 2_300 });
    expect((await ask('DELETE', '/tax-rates/IT/standard')).status).toBe(204);
    expect(await refusal('DELETE', '/tax-rates/IT/standard')).toEqual([404, 'not_found']);
    expect((await auditOf('IT/standard')).map(({ action, data }) => [action, data])).toEqual([
      ['tax_rate.set', { before: null, after: 2_200 }],
      ['tax_rate.set', { before: 2_200, after: 2_300 }],
      ['tax_rate.removed', { before: 2_300 }],
    ]);
  });

  test('is listed page by page, without a gap', async () => {
    const all = await ask<{ data: object[] }>('GET', '/tax-rates?limit=100');
    const paged: object[] = [];
    for (let cursor = ''; ;) {
      const { body } = await ask<{ data: object[]; next_cursor: string | null }>('GET', `/tax-rates?limit=3${cursor}`);
      paged.push(...body.data);
      if (body.next_cursor === null) break;
      cursor = `&cursor=${body.next_cursor}`;
    }
    expect(paged).toEqual(all.body.data);
  });

  test.each([
    ['a country in small letters', '/tax-rates/de/standard', { rate_bp: 1, name: 'X' }],
    ['a negative rate', '/tax-rates/DE/standard', { rate_bp: -1, name: 'X' }],
    ['a rate above all', '/tax-rates/DE/standard', { rate_bp: 10_001, name: 'X' }],
    ['no name', '/tax-rates/DE/standard', { rate_bp: 1, name: '  ' }],
  ])('with %s, is refused', async (_, path, body) => {
    expect(await refusal('PUT', path, body)).toEqual([400, 'validation_failed']);
  });
});

describe('a shipping method', () => {
  const method = { code: 'balloon', name: 'Balloon', country: 'NZ', price: { amount: 700, currency: 'USD' } };
  const offered = async () =>
    (
      await app.call<{ data: { code: string; price: { amount: number } }[] }>(
        'GET',
        '/shipping-methods?country=NZ&total=1000',
      )
    ).body.data.find(({ code }) => code === 'balloon')?.price.amount;

  test('is offered from the moment it is added, at the price of the last change, until it is inactive or removed', async () => {
    const key = { 'Idempotency-Key': newId() };
    const { status, body } = await ask('POST', '/shipping-methods', method, key);
    expect([status, body]).toMatchObject([
      201,
      { ...method, min_total: 0, max_total: null, tax_class: 'standard', position: 0, active: true },
    ]);
    expect((await ask('POST', '/shipping-methods', method, key)).body).toEqual(body);
    expect(await offered()).toBe(700);
    const change = (what: object) => ask('PATCH', `/shipping-methods/${body.id}`, what);
    expect((await change({ price: { amount: 900, currency: 'USD' } })).body).toMatchObject({ price: { amount: 900 } });
    expect(await offered()).toBe(900);
    await change({ active: false });
    expect(await offered()).toBeUndefined();
    await change({ active: true, min_total: 1_001 });
    expect(await offered()).toBeUndefined();
    await change({ min_total: 0, max_total: 1_000 });
    expect(await offered()).toBe(900);
    expect((await ask('DELETE', `/shipping-methods/${body.id}`)).status).toBe(204);
    expect(await offered()).toBeUndefined();
    expect(await refusal('PATCH', `/shipping-methods/${body.id}`, { position: 1 })).toEqual([404, 'not_found']);
    const trail = await auditOf(body.id);
    expect(trail.map(({ action }) => action.replace('shipping_method.', ''))).toEqual([
      'added',
      ...Array.from({ length: 4 }, () => 'changed'),
      'removed',
    ]);
  });

  test('whose range is empty, also after a change, is refused', async () => {
    const range = { min_total: 500, max_total: 499 };
    expect(await refusal('POST', '/shipping-methods', { ...method, ...range })).toEqual([400, 'validation_failed']);
    const { body } = await ask('POST', '/shipping-methods', { ...method, min_total: 500 });
    expect(await refusal('PATCH', `/shipping-methods/${body.id}`, { max_total: 499 })).toEqual([
      400,
      'validation_failed',
    ]);
    await ask('DELETE', `/shipping-methods/${body.id}`);
  });

  test('is listed, inactive ones too', async () => {
    const { body } = await ask('POST', '/shipping-methods', { ...method, active: false });
    const list = await ask<{ data: Rule[] }>('GET', '/shipping-methods?limit=100');
    expect(list.body.data).toContainEqual(body);
  });
});
