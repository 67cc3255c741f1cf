import { newId } from '../../../src/domain/kernel/ids.js';
import { reserveStock } from '../../../src/domain/inventory/index.js';
import { openApp, type CallOptions, type ErrorBody, type TestApp } from '../../support/app.js';

interface Stock {
  readonly on_hand: number;
  readonly reserved: number;
  readonly available: number;
}
interface Movements {
  readonly data: readonly { readonly delta: number; readonly note: string; readonly actor_id: string | null }[];
  readonly next_cursor: string | null;
}

let app: TestApp;
let staff: { userId: string; headers: Record<string, string> };
beforeAll(async () => {
  app = await openApp();
  staff = await app.login({ roles: ['staff'] });
});
afterAll(() => app.close());

const move = (variantId: string, body: object, { headers = staff.headers }: CallOptions = {}) =>
  app.call<Stock & ErrorBody>('PATCH', `/admin/inventory/${variantId}`, { headers, body });
const stock = async (variantId: string) =>
  (await app.call<Stock>('GET', `/admin/inventory/${variantId}`, { headers: staff.headers })).body;

test('PATCH /admin/inventory/{variant_id} moves by a difference and to a count, and tells who did and why', async () => {
  const { variantId, sku } = await app.shop.product({ stock: 5 });
  expect((await move(variantId, { delta: -2, reason: 'broken' })).body).toEqual({
    variant_id: variantId,
    sku,
    on_hand: 3,
    reserved: 0,
    available: 3,
    low_at: null,
    low: false,
    updated_at: expect.any(String),
  });
  expect((await move(variantId, { on_hand: 10, reason: 'counted' })).body).toMatchObject({ on_hand: 10 });
  const list = (cursor = '') =>
    app.call<Movements>('GET', `/admin/inventory/${variantId}/movements?limit=1${cursor}`, { headers: staff.headers });
  const first = (await list()).body;
  const second = (await list(`&cursor=${first.next_cursor ?? ''}`)).body;
  expect([...first.data, ...second.data]).toMatchObject([
    { delta: 7, on_hand_after: 10, reason: 'adjustment', note: 'counted', actor_id: staff.userId },
    { delta: -2, on_hand_after: 3, note: 'broken' },
  ]);
  expect(second.next_cursor).toBeNull();
  expect(
    await app.shop.rows(
      `select actor_id, data from audit_log where action = 'stock.adjusted' and object_id = ? order by id`,
      [variantId],
    ),
  ).toEqual([
    { actor_id: staff.userId, data: { delta: -2, onHand: 3 } },
    { actor_id: staff.userId, data: { delta: 7, onHand: 10 } },
  ]);
});

test('PATCH /admin/inventory/{variant_id}, to less than is reserved, is 409 and changes nothing', async () => {
  const { variantId } = await app.shop.product({ stock: 5 });
  await app.deps.transact((em) => reserveStock(em, { checkoutId: newId() }, [{ variantId, quantity: 3 }], 60_000));
  for (const change of [{ on_hand: 2 }, { delta: -3 }, { delta: -6 }]) {
    const refused = await move(variantId, { ...change, reason: 'theft' });
    expect([refused.status, refused.body.error.code, refused.body.error.data]).toEqual([
      409,
      'out_of_stock',
      { variant_id: variantId, reserved: 3 },
    ]);
  }
  expect(await stock(variantId)).toMatchObject({ on_hand: 5, reserved: 3, available: 2 });
  expect((await move(variantId, { on_hand: 3, reason: 'counted' })).status).toBe(200);
});

test('PATCH /admin/inventory/{variant_id}, with a key again, moves once; with another body, is 422', async () => {
  const { variantId } = await app.shop.product({ stock: 5 });
  const headers = { ...staff.headers, 'Idempotency-Key': newId() };
  await move(variantId, { delta: 1, reason: 'found' }, { headers });
  const again = await move(variantId, { delta: 1, reason: 'found' }, { headers });
  expect([again.body.on_hand, again.headers.get('idempotent-replayed')]).toEqual([6, 'true']);
  expect((await move(variantId, { delta: 2, reason: 'found' }, { headers })).status).toBe(422);
  expect((await stock(variantId)).on_hand).toBe(6);
});

test.each([
  ['neither', { reason: 'x' }],
  ['both', { delta: 1, on_hand: 1, reason: 'x' }],
  ['no reason', { delta: 1 }],
  ['a fraction', { delta: 0.5, reason: 'x' }],
  ['less than nothing', { on_hand: -1, reason: 'x' }],
  ['more than can be counted', { on_hand: 2_147_483_648, reason: 'x' }],
  ['what is not known', { delta: 1, reason: 'x', shelf: 'A' }],
])('PATCH /admin/inventory/{variant_id}, given %s, is 400', async (_, body) => {
  const { variantId } = await app.shop.product({ stock: 5 });
  expect((await move(variantId, body)).status).toBe(400);
  expect((await stock(variantId)).on_hand).toBe(5);
});

const threshold = (variantId: string, lowAt: unknown, headers = staff.headers) =>
  app.call<Stock & ErrorBody>('PUT', `/admin/inventory/${variantId}/threshold`, { headers, body: { low_at: lowAt } });
const lowOnes = async (headers = staff.headers, query = 'low=true&limit=100') =>
  (
    await app.call<{ data: { variant_id: string }[]; next_cursor: string | null }>('GET', `/admin/inventory?${query}`, {
      headers,
    })
  ).body;

test('PUT /admin/inventory/{variant_id}/threshold marks what is low, tells who set it, and takes it back', async () => {
  const { variantId } = await app.shop.product({ stock: 5 });
  expect((await threshold(variantId, 5)).body).toMatchObject({ low_at: 5, low: true });
  expect((await threshold(variantId, 4)).body).toMatchObject({ low_at: 4, low: false });
  await threshold(variantId, 4);
  expect((await threshold(variantId, null)).body).toMatchObject({ low_at: null, low: false });
  expect(
    await app.shop.rows(
      `select actor_id, data from audit_log where action = 'stock.threshold_set' and object_id = ? order by id`,
      [variantId],
    ),
  ).toEqual([5, 4, null].map((lowAt) => ({ actor_id: staff.userId, data: { lowAt } })));
  for (const bad of [-1, 1.5, '3', undefined]) expect((await threshold(variantId, bad)).status).toBe(400);
});

test('GET /admin/inventory?low=true lists what is low, in pages', async () => {
  const low = [await app.shop.product({ stock: 2 }), await app.shop.product({ stock: 0 })].map((one) => one.variantId);
  const high = await app.shop.product({ stock: 9 });
  for (const variantId of [...low, high.variantId]) await threshold(variantId, 3);
  const listed = (await lowOnes()).data.map((each) => each.variant_id);
  expect(listed).toEqual([...listed].sort());
  expect(listed).toEqual(expect.arrayContaining(low));
  expect(listed).not.toContain(high.variantId);
  const first = await lowOnes(staff.headers, 'low=true&limit=1');
  const second = await lowOnes(staff.headers, `low=true&limit=1&cursor=${first.next_cursor ?? ''}`);
  expect([...first.data, ...second.data].map((each) => each.variant_id)).toEqual(listed.slice(0, 2));
});

test('stock is a vendor’s own business: others’ variants are 404 to them, customers are refused', async () => {
  const [own, other] = [newId(), newId()];
  for (const id of [own, other])
    await app.shop.run('insert into vendors (id, slug, name) values (?, ?, ?)', [id, id, 'Vendor']);
  const vendor = await app.login({ roles: ['vendor'] });
  await app.shop.run('update users set vendor_id = ? where id = ?', [own, vendor.userId]);
  const [mine, theirs, shops] = [await app.shop.product(), await app.shop.product(), await app.shop.product()];
  await app.shop.run('update products set vendor_id = ? where id = ?', [own, mine.productId]);
  await app.shop.run('update products set vendor_id = ? where id = ?', [other, theirs.productId]);
  const { headers } = vendor;
  expect((await move(mine.variantId, { delta: 1, reason: 'new' }, { headers })).status).toBe(200);
  for (const { variantId } of [theirs, shops]) {
    expect((await move(variantId, { delta: 1, reason: 'new' }, { headers })).status).toBe(404);
    for (const path of ['', '/movements'])
      expect((await app.call('GET', `/admin/inventory/${variantId}${path}`, { headers })).status).toBe(404);
  }
  expect((await threshold(mine.variantId, 2_000, headers)).status).toBe(200);
  for (const { variantId } of [theirs, shops]) {
    expect((await threshold(variantId, 2_000, headers)).status).toBe(404);
    await threshold(variantId, 2_000);
  }
  expect((await lowOnes(headers)).data.map((each) => each.variant_id)).toEqual([mine.variantId]);
  expect((await move(newId(), { delta: 1, reason: 'new' })).status).toBe(404);
  const customer = await app.login();
  expect((await move(mine.variantId, { delta: 1, reason: 'new' }, { headers: customer.headers })).status).toBe(403);
});
