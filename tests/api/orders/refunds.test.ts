import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';

let app: TestApp;
let staff: Record<string, string>;
beforeAll(async () => {
  app = await openApp();
  ({ headers: staff } = await app.login({ roles: ['staff'] }));
});
afterAll(() => app.close());

interface RefundBody {
  readonly id: string;
  readonly status: string;
  readonly amount: { readonly amount: number };
}

async function order() {
  const id = await placedOrder(app.deps.query, app.deps.cipher);
  await app.shop.run('update order_lines set shipping_amount = 499 where order_id = ?', [id]);
  const [line] = await app.shop.rows<{ id: string }>('select id from order_lines where order_id = ?', [id]);
  return { id, lineId: line?.id ?? '' };
}
const refund = (id: string, body: object, headers: Record<string, string> = {}) =>
  app.call<RefundBody>('POST', `/admin/orders/${id}/refunds`, { body, headers: { ...staff, ...headers } });
const usd = (amount: number) => ({ amount, currency: 'USD' });
const codeOf = (answer: { body: unknown }) => (answer.body as { error?: { code: string } }).error?.code;

test('a refund of everything is accepted with its parts, to be done by a flow, and read where it is', async () => {
  const { id } = await order();
  const asked = await refund(id, { reason: 'damaged' });
  expect(asked).toMatchObject({
    status: 202,
    body: {
      status: 'requested',
      reason: 'damaged',
      amount: usd(2_499),
      goods: usd(2_000),
      shipping: usd(499),
      tax: usd(0),
      settled_at: null,
    },
  });
  const path = asked.headers.get('Location') ?? '';
  expect((await app.call('GET', path, { headers: staff })).body).toEqual(asked.body);
  const seen = await app.call<{ refunds: object[] }>('GET', `/admin/orders/${id}`, { headers: staff });
  expect(seen.body.refunds).toEqual([asked.body]);
  expect(await app.shop.rows('select topic, payload from outbox where key = ?', [asked.body.id])).toEqual([
    { topic: 'order.refund_requested', payload: { refundId: asked.body.id, orderId: id } },
  ]);
  expect(
    await app.shop.rows(`select action, data->>'reason' as reason from audit_log where object_id = ?`, [id]),
  ).toEqual([{ action: 'order.refund_requested', reason: 'damaged' }]);
});

test('refunds of pieces, of shipping and of an amount claim what they name, and no more than is left', async () => {
  const { id, lineId } = await order();
  const one = await refund(id, { items: [{ item_id: lineId, quantity: 1 }] });
  expect(one.body).toMatchObject({ amount: usd(1_000), shipping: usd(0) });
  expect((await refund(id, { shipping: true })).body).toMatchObject({ amount: usd(499), goods: usd(0) });
  expect((await refund(id, { amount: usd(400) })).body).toMatchObject({ amount: usd(400), goods: usd(400) });
  const tooMuch = await refund(id, { amount: usd(601) });
  expect([tooMuch.status, codeOf(tooMuch)]).toEqual([409, 'not_refundable']);
  expect((await refund(id, {})).body).toMatchObject({ amount: usd(600) });
  expect(codeOf(await refund(id, {}))).toBe('not_refundable');
});

test('a repeat of a refund under its Idempotency-Key is the same refund', async () => {
  const { id } = await order();
  const key = { 'Idempotency-Key': newId() };
  const answers = await Promise.all([1, 2, 3].map(() => refund(id, { amount: usd(100) }, key)));
  expect(new Set(answers.map(({ body }) => body.id)).size).toBe(1);
  expect(answers.filter(({ headers }) => headers.get('Idempotent-Replayed') === 'true')).toHaveLength(2);
  expect(await app.shop.rows('select amount from refunds where order_id = ?', [id])).toEqual([{ amount: 100 }]);
});

test.each<[string, object, string]>([
  ['an amount of nothing', { amount: usd(0) }, 'amount.amount'],
  ['a negative amount', { amount: usd(-1) }, 'amount.amount'],
  ['half a cent', { amount: usd(0.5) }, 'amount.amount'],
  ['another currency', { amount: { amount: 1, currency: 'EUR' } }, 'amount.currency'],
  ['an amount and shipping', { amount: usd(1), shipping: true }, 'amount'],
  ['an amount to be restocked', { amount: usd(1), restock: true }, 'restock'],
  ['no pieces', { items: [{ item_id: newId(), quantity: 0 }] }, 'items.0.quantity'],
  ['no items', { items: [] }, 'items'],
  ['an unknown reason', { reason: 'because' }, 'reason'],
  ['an unknown field', { whole: true }, 'whole'],
])('a refund of %s is refused by name', async (_, body, field) => {
  const { id } = await order();
  const refused = await app.call('POST', `/admin/orders/${id}/refunds`, { body, headers: staff });
  expect([refused.status, refused.body.error.details[0]?.field]).toEqual([400, field]);
});

test('a refund, of a line of another order or seen in another version, is refused', async () => {
  const [mine, other] = [await order(), await order()];
  expect((await refund(mine.id, { items: [{ item_id: other.lineId, quantity: 1 }] })).status).toBe(400);
  expect((await refund(mine.id, {}, { 'If-Match': '"9"' })).status).toBe(412);
  const foreign = await refund(other.id, {});
  expect(
    (await app.call('GET', `/admin/orders/${mine.id}/refunds/${foreign.body.id}`, { headers: staff })).status,
  ).toBe(404);
});
