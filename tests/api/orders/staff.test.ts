import { orderToken } from '../../../src/api/routes/checkout/access.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';

let app: TestApp;
let staff: Record<string, string>;
let staffId: string;
beforeAll(async () => {
  app = await openApp();
  ({ userId: staffId, headers: staff } = await app.login({ roles: ['staff'] }));
});
afterAll(() => app.close());

interface OrderBody {
  readonly id: string;
  readonly number: string;
  readonly status: string;
  readonly version: number;
  readonly tracking: object | null;
  readonly items: readonly { readonly id: string }[];
}
const order = () => placedOrder(app.deps.query, app.deps.cipher);
const post = (path: string, body: object = {}, headers: Record<string, string> = staff) =>
  app.call<OrderBody>('POST', path, { body, headers });
const code = (answer: { body: unknown }) => (answer.body as { error?: { code: string } }).error?.code;
const SHIPMENT = { carrier: 'DHL', tracking_number: 'JD0123', tracking_url: 'https://track.example.com/JD0123' };
const timeline = async (id: string) =>
  (await app.shop.rows<{ type: string }>('select type from order_events where order_id = ? order by id', [id])).map(
    ({ type }) => type,
  );

test('an order is shipped and delivered, step by step, by staff; its customer can follow it and is told', async () => {
  const id = await order();
  const shipped = await post(`/admin/orders/${id}/ship`, SHIPMENT);
  expect(shipped).toMatchObject({ status: 200, body: { status: 'shipped', version: 2 } });
  expect(shipped.headers.get('ETag')).toBe('"2"');
  const [row] = await app.shop.rows<{ checkout_id: string }>('select checkout_id from orders where id = ?', [id]);
  const guest = { 'X-Order-Token': orderToken(app.deps.cipher, row?.checkout_id ?? '') };
  expect((await app.call<OrderBody>('GET', `/orders/${id}`, { headers: guest })).body).toMatchObject({
    status: 'shipped',
    tracking: { carrier: 'DHL', number: 'JD0123', url: 'https://track.example.com/JD0123' },
    shipped_at: expect.any(String) as string,
    delivered_at: null,
  });
  await expect(post(`/admin/orders/${id}/deliver`)).resolves.toMatchObject({
    status: 200,
    body: { status: 'delivered', delivered_at: expect.any(String) as string },
  });
  expect(await timeline(id)).toEqual(['shipped', 'delivered']);
  expect(
    await app.shop.rows(
      `select event, details from notifications where subject_id = ? and channel = 'email' order by created_at, id`,
      [id],
    ),
  ).toEqual([
    {
      event: 'order_shipped',
      details: { tracking: { carrier: 'DHL', number: 'JD0123', url: 'https://track.example.com/JD0123' } },
    },
    { event: 'order_delivered', details: {} },
  ]);
  expect(
    await app.shop.rows(
      `select count(*) as waiting from outbox where topic = 'order.notification_queued' and key = ?`,
      [id],
    ),
  ).toEqual([{ waiting: 2 }]);
  expect(await app.shop.rows('select action, actor_id from audit_log where object_id = ? order by id', [id])).toEqual([
    { action: 'order.shipped', actor_id: staffId },
    { action: 'order.delivered', actor_id: staffId },
  ]);
});

test('moves that do not lead on from where an order is are 409 and change nothing', async () => {
  const id = await order();
  for (const [path, body] of [
    ['confirm', {}],
    ['deliver', {}],
  ] as const)
    expect(code(await post(`/admin/orders/${id}/${path}`, body))).toBe('invalid_transition');
  await post(`/admin/orders/${id}/ship`, SHIPMENT);
  for (const [path, body] of [
    ['ship', SHIPMENT],
    ['confirm', {}],
    ['cancel', {}],
  ] as const) {
    const refused = await post(`/admin/orders/${id}/${path}`, body);
    expect([refused.status, code(refused)]).toEqual([409, 'invalid_transition']);
  }
  expect(await timeline(id)).toEqual(['shipped']);
});

test('confirm, of a pending order, needs money that is taken or due', async () => {
  const id = await order();
  await app.shop.run("update orders set status = 'pending' where id = ?", [id]);
  await app.shop.run("update payments set status = 'authorised', captured_amount = 0 where order_id = ?", [id]);
  expect(code(await post(`/admin/orders/${id}/confirm`))).toBe('invalid_transition');
  await app.shop.run("update payments set status = 'due' where order_id = ?", [id]);
  await expect(post(`/admin/orders/${id}/confirm`)).resolves.toMatchObject({
    status: 200,
    body: { status: 'confirmed' },
  });
});

test('a move of an order that has changed since it was seen is 412', async () => {
  const id = await order();
  const stale = await post(`/admin/orders/${id}/ship`, SHIPMENT, { ...staff, 'If-Match': '"7"' });
  expect([stale.status, code(stale)]).toEqual([412, 'precondition_failed']);
  expect((await post(`/admin/orders/${id}/ship`, SHIPMENT, { ...staff, 'If-Match': '"1"' })).status).toBe(200);
});

test('a repeat under its Idempotency-Key answers the same and moves nothing; another body under it is refused', async () => {
  const id = await order();
  const headers = { ...staff, 'Idempotency-Key': newId() };
  await post(`/admin/orders/${id}/ship`, SHIPMENT, headers);
  const again = await post(`/admin/orders/${id}/ship`, SHIPMENT, headers);
  expect([again.status, again.headers.get('Idempotent-Replayed'), again.body.version]).toEqual([200, 'true', 2]);
  expect(code(await post(`/admin/orders/${id}/ship`, { carrier: 'UPS' }, headers))).toBe('idempotency_mismatch');
});

test.each([
  ['no carrier', {}, 'carrier'],
  ['two lines', { carrier: 'D\nHL' }, 'carrier'],
  ['a link that is none', { carrier: 'DHL', tracking_url: 'javascript:alert(1)' }, 'tracking_url'],
  ['an unknown field', { carrier: 'DHL', weight: 1 }, 'weight'],
])('ship, with %s, is refused by name', async (_, body, field) => {
  const refused = await app.call('POST', `/admin/orders/${newId()}/ship`, { body, headers: staff });
  expect([refused.status, refused.body.error.details[0]?.field]).toEqual([400, field]);
});

test('orders are listed for staff by status, number, customer and time, newest first, page by page', async () => {
  const { userId } = await app.login();
  const mine: string[] = [];
  for (let count = 0; count < 3; count += 1) mine.unshift(await order());
  for (const id of mine) await app.shop.run('update orders set user_id = ? where id = ?', [userId, id]);
  await app.shop.run("update orders set status = 'delivered', placed_at = now() - interval '2 days' where id = ?", [
    mine[2],
  ]);
  const list = async (query: string) => {
    const answer = await app.call<{ data: { id: string; number: string }[]; next_cursor: string | null }>(
      'GET',
      `/admin/orders?${query}`,
      { headers: staff },
    );
    expect(answer.status).toBe(200);
    return answer.body;
  };
  const ids = async (query: string) => (await list(query)).data.map(({ id }) => id);
  expect(await ids(`customer_id=${userId}`)).toEqual(mine);
  expect(await ids(`email=${userId}@example.com`)).toEqual(mine);
  expect(await ids('email=nobody@example.com')).toEqual([]);
  expect(await ids(`customer_id=${userId}&status=delivered`)).toEqual([mine[2]]);
  const yesterday = new Date(Date.now() - 86_400_000).toISOString();
  expect(await ids(`customer_id=${userId}&from=${yesterday}`)).toEqual(mine.slice(0, 2));
  expect(await ids(`customer_id=${userId}&to=${yesterday}`)).toEqual([mine[2]]);
  const [first] = (await list(`customer_id=${userId}&limit=2`)).data;
  expect(await ids(`number=${first?.number ?? ''}`)).toEqual([mine[0]]);
  const page = await list(`customer_id=${userId}&limit=2`);
  expect(await ids(`customer_id=${userId}&limit=2&cursor=${page.next_cursor ?? ''}`)).toEqual([mine[2]]);
});

test.each([
  'status=lost',
  'customer_id=1',
  "number=' or true --&limit=0",
  'from=yesterday',
  'from=0000-01-01T00:00:00Z',
  'cursor=x',
  'sort=total',
])('the list of orders, asked for %s, is refused', async (query) => {
  expect((await app.call('GET', `/admin/orders?${encodeURI(query)}`, { headers: staff })).status).toBe(400);
});

test('staff’s calls are 401 for guests, 403 for customers and vendors, 404 for a vendor who may read and for unknown ids', async () => {
  const id = await order();
  const calls = [
    ['GET', '/admin/orders'],
    ['GET', `/admin/orders/${id}`],
    ['GET', `/admin/orders/${id}/notifications`],
    ['POST', `/admin/orders/${id}/ship`],
    ['POST', `/admin/orders/${id}/confirm`],
    ['POST', `/admin/orders/${id}/deliver`],
    ['POST', `/admin/orders/${id}/cancel`],
    ['POST', `/admin/orders/${id}/refunds`],
  ] as const;
  const statuses = async (headers: Record<string, string>, of = calls) =>
    Promise.all(
      of.map(
        async ([method, path]) =>
          (
            await app.call(method, path, {
              headers,
              ...(method === 'GET' ? {} : { body: path.endsWith('ship') ? SHIPMENT : {} }),
            })
          ).status,
      ),
    );
  expect(new Set(await statuses({}))).toEqual(new Set([401]));
  expect(new Set(await statuses((await app.login()).headers))).toEqual(new Set([403]));
  const vendorId = newId();
  await app.shop.run('insert into vendors (id, slug, name) values (?, ?, ?)', [vendorId, vendorId, 'Acme']);
  const vendor = await app.login({ roles: ['vendor'] });
  await app.shop.run('update users set vendor_id = ? where id = ?', [vendorId, vendor.userId]);
  expect(new Set(await statuses(vendor.headers))).toEqual(new Set([403]));
  for (const permission of ['orders:read', 'orders:write'])
    await app.shop.run('insert into role_permissions (role, permission) values (?, ?)', ['vendor', permission]);
  const reading = await app.login({ roles: ['vendor'] });
  await app.shop.run('update users set vendor_id = ? where id = ?', [vendorId, reading.userId]);
  expect(new Set(await statuses(reading.headers))).toEqual(new Set([404]));
  await app.shop.run("delete from role_permissions where role = 'vendor' and permission like 'orders:%'", []);
  const unknown = calls.slice(1).map(([method, path]) => [method, path.replace(id, newId())] as const);
  expect(new Set(await statuses(staff, unknown as never))).toEqual(new Set([404]));
  expect(await timeline(id)).toEqual([]);
});
