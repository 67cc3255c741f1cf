import { orderToken } from '../../../src/api/routes/checkout/access.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder, type TestOrder } from '../../support/placed-order.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

const run = (sql: string, params: unknown[]) => app.deps.query((em) => em.execute(sql, params, 'run'));
const order = (about?: TestOrder) => placedOrder(app.deps.query, app.deps.cipher, about);

async function tokenOf(orderId: string): Promise<Record<string, string>> {
  const [row] = await app.deps.query((em) =>
    em.execute<{ checkout_id: string }[]>('select checkout_id from orders where id = ?', [orderId]),
  );
  return { 'X-Order-Token': orderToken(app.deps.cipher, row?.checkout_id ?? '') };
}
const read = (orderId: string, headers: Record<string, string>) =>
  fetch(`${app.origin}/api/v1/orders/${orderId}/receipt`, { headers });

test('GET /orders/{id}/receipt lists lines, parts of the total and what was paid, as a page without scripts', async () => {
  const orderId = await order({ title: 'Lens 50mm' });
  const answer = await read(orderId, await tokenOf(orderId));
  expect(answer.status).toBe(200);
  expect(answer.headers.get('Content-Type')).toBe('text/html; charset=utf-8');
  expect(answer.headers.get('Content-Security-Policy')).toMatch(
    /^default-src 'none'; style-src 'sha256-[\w+/=]+'; .*sandbox/,
  );
  expect(answer.headers.get('Content-Security-Policy')).not.toMatch(/script-src|unsafe|\*|allow-scripts/);
  expect(answer.headers.get('Cache-Control')).toBe('no-store');
  const page = await answer.text();
  expect(page).toMatch(/Lens 50mm.*\$10\.00.*2.*\$0\.00.*\$20\.00/s);
  for (const row of ['Subtotal</td><td class="n">$20.00', 'Shipping</td><td class="n">$4.99', 'Tax</td>'])
    expect(page).toContain(row);
  expect(page).toContain('<tr class="total"><td>Total</td><td class="n">$24.99</td></tr>');
  expect(page).toContain('Paid (stripe)</td><td class="n">$24.99');
  expect(page).not.toContain('Refunded');
});

test('GET /orders/{id}/receipt, with a discount and a refund, shows both', async () => {
  const orderId = await order();
  await run('update orders set discount_amount = 100, total_amount = 2399 where id = ?', [orderId]);
  await run('update order_lines set discount_amount = 100 where order_id = ?', [orderId]);
  await run('update payments set refunded_amount = 700 where order_id = ?', [orderId]);
  const page = await (await read(orderId, await tokenOf(orderId))).text();
  expect(page).toContain('<small>Discount: -$1.00</small>');
  expect(page).toContain('Discount</td><td class="n">-$1.00');
  expect(page).toContain('Refunded so far</td><td class="n">$7.00');
});

test('GET /orders/{id}/receipt, of an order that is paid on delivery, says what is to be paid', async () => {
  const orderId = await order();
  await run(`update payments set status = 'due', captured_amount = 0 where order_id = ?`, [orderId]);
  const page = await (await read(orderId, await tokenOf(orderId))).text();
  expect(page).toContain('To be paid on delivery</td><td class="n">$24.99');
});

test('GET /orders/{id}/receipt, when a title holds markup, links and marks, shows plain words', async () => {
  const orderId = await order({ title: '<script>alert(1)</script>" onload="x https://evil.example \u202e' });
  const page = await (await read(orderId, await tokenOf(orderId))).text();
  expect(page).not.toMatch(/<script|" onload="|https:\/\/evil|\u202e/);
  expect(page).toContain('&#60;script&#62;alert(1)');
});

test('GET /orders/{id}/receipt is for the customer, the holder of the order token and staff; for others it is not there', async () => {
  const orderId = await order();
  const [owner, stranger, staff] = [await app.login(), await app.login(), await app.login({ roles: ['staff'] })];
  await run('update orders set user_id = ? where id = ?', [owner.userId, orderId]);
  const status = async (headers: Record<string, string>, id = orderId) => (await read(id, headers)).status;
  expect(await status(owner.headers)).toBe(200);
  expect(await status(await tokenOf(orderId))).toBe(200);
  expect(await status(staff.headers)).toBe(200);
  expect(await status(stranger.headers)).toBe(404);
  expect(await status({})).toBe(404);
  expect(await status(await tokenOf(await order()))).toBe(404);
  expect(await status(staff.headers, newId())).toBe(404);
  expect(await status({}, 'x')).toBe(400);
});
