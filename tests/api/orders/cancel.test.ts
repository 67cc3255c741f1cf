import { orderToken } from '../../../src/api/routes/checkout/access.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

interface OrderBody {
  readonly status: string;
  readonly cancelling: boolean;
}

async function order(userId: string | null = null) {
  const id = await placedOrder(app.deps.query, app.deps.cipher);
  await app.shop.run('update orders set user_id = ? where id = ?', [userId, id]);
  const [row] = await app.shop.rows<{ checkout_id: string }>('select checkout_id from orders where id = ?', [id]);
  return { id, guest: { 'X-Order-Token': orderToken(app.deps.cipher, row?.checkout_id ?? '') } };
}
const cancel = (id: string, headers: Record<string, string>, body: object = {}) =>
  app.call<OrderBody>('POST', `/orders/${id}/cancel`, { body, headers });
const asked = (id: string) =>
  app.shop.rows('select reason, actor_type, actor_id from order_cancellations where order_id = ?', [id]);

test('a guest with the order’s token cancels it: 202 while the flow is at work, and no second time', async () => {
  const { id, guest } = await order();
  await expect(cancel(id, guest, { reason: 'too_slow' })).resolves.toMatchObject({
    status: 202,
    body: { status: 'confirmed', cancelling: true },
  });
  await expect(cancel(id, guest)).resolves.toMatchObject({ status: 202 });
  expect(await asked(id)).toEqual([{ reason: 'too_slow', actor_type: 'guest', actor_id: null }]);
  expect(await app.shop.rows('select topic from outbox where key = ?', [id])).toEqual([
    { topic: 'order.cancellation_requested' },
  ]);
});

test('a customer cancels an own order and nobody else’s; 200 once it is done', async () => {
  const [me, other] = [await app.login(), await app.login()];
  const { id } = await order(me.userId);
  for (const headers of [{}, other.headers, { 'X-Order-Token': 'f'.repeat(64) }, { 'X-Cart-Token': newId() }])
    expect((await cancel(id, headers)).status).toBe(404);
  expect(await asked(id)).toEqual([]);
  await cancel(id, me.headers);
  expect(await asked(id)).toEqual([{ reason: 'changed_mind', actor_type: 'user', actor_id: me.userId }]);
  await app.shop.run('update order_cancellations set ended_at = now() where order_id = ?', [id]);
  await app.shop.run("update orders set status = 'cancelled' where id = ?", [id]);
  await expect(cancel(id, me.headers)).resolves.toMatchObject({
    status: 200,
    body: { status: 'cancelled', cancelling: false },
  });
});

test('the timeline, to a customer whose order staff cancelled for a reason of their own, does not tell it', async () => {
  const [me, staff] = [await app.login(), await app.login({ roles: ['staff'] })];
  const { id } = await order(me.userId);
  expect((await cancel(id, me.headers, { reason: 'fraud' })).status).toBe(400);
  const asked = await app.call('POST', `/admin/orders/${id}/cancel`, {
    body: { reason: 'fraud' },
    headers: staff.headers,
  });
  expect(asked.status).toBeLessThan(300);
  const { body } = await app.call<{ data: { type: string; data: object }[] }>('GET', `/orders/${id}/timeline`, {
    headers: me.headers,
  });
  expect(body.data.at(-1)).toMatchObject({ type: 'cancellation_requested', data: {} });
  expect(JSON.stringify(body)).not.toContain('fraud');
});

test('an order that has left, or is not there, is not cancelled', async () => {
  const { id, guest } = await order();
  await app.shop.run("update orders set status = 'shipped' where id = ?", [id]);
  const refused = await app.call('POST', `/orders/${id}/cancel`, { headers: guest });
  expect([refused.status, refused.body.error.code]).toEqual([409, 'invalid_transition']);
  expect((await cancel(newId(), guest)).status).toBe(404);
  expect((await cancel('x', guest)).status).toBe(400);
});

test('a cancellation under its Idempotency-Key is asked for once; under If-Match only of what was seen', async () => {
  const { id, guest } = await order();
  expect((await cancel(id, { ...guest, 'If-Match': '"3"' })).status).toBe(412);
  const key = { 'Idempotency-Key': newId() };
  await cancel(id, { ...guest, ...key });
  const again = await cancel(id, { ...guest, ...key });
  expect([again.status, again.headers.get('Idempotent-Replayed')]).toEqual([202, 'true']);
  expect(await asked(id)).toHaveLength(1);
});
