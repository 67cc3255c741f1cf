import { checkoutBody } from '../../dev/demo/client.js';
import type { Order } from '../../dev/demo/shapes.js';
import type { Visit } from '../../dev/demo/visit.js';
import { importLine } from '../support/catalogue.js';
import { buy, hire, openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith } from '../support/services.js';

const ON_DELIVERY = { ON_DELIVERY_COUNTRIES: 'US' };
const free = importLine({ sku: 'FREE', title: 'Sample', category: ['Samples'], price_cents: 0, stock: 9 });

describeWith(['postgres', 'redis', 'temporal', 'mail', 'inbox', 'vonage'], 'orders that no card pays', () => {
  let shop: OpenShop;
  let staff: Visit;
  beforeAll(async () => {
    shop = await openShop({ apiEnv: ON_DELIVERY, workerEnv: ON_DELIVERY, products: [free] });
    staff = shop.visit('Stan');
    await hire(shop, staff, 'staff');
  }, 180_000);
  afterEach(async () => expect(await shop.stockOutOfBalance()).toEqual([]));
  afterAll(() => shop.close());

  /** Two pieces of a variant, ordered by a customer. */
  async function ordered(visit: Visit, sku: string, provider: string): Promise<Order> {
    const { browser, me } = visit;
    const [variant] = await shop.rows<{ id: string }>('select id from variants where sku = ?', [sku]);
    await browser.register(me);
    await browser.logIn(me);
    await browser.addToCart(variant?.id ?? '', 2);
    const body = { ...checkoutBody(me, ''), payment: { provider } };
    const { id } = await buy(browser, body);
    return seen(visit, id, 'confirmed');
  }
  const seen = ({ browser }: Visit, id: string, status: Order['status']): Promise<Order> =>
    until(
      `the order being ${status}`,
      () => browser.ask(200, 'GET', '/orders/{id}', { params: { path: { id } } }),
      (order) => order.status === status,
    );
  const ledgerOf = (orderId: string) =>
    shop.rows(
      `select l.type, l.provider, l.amount from payment_ledger l join orders o on o.checkout_id = l.checkout_id where o.id = ?`,
      [orderId],
    );
  const intents = () => shop.stripe.ledger().intents;

  test('an order on delivery is confirmed unpaid by its flow, and paid once when staff record its delivery', async () => {
    const visit = shop.visit('Dora');
    const order = await ordered(visit, 'KB-Black', 'on_delivery');
    expect(order.payment.status).toBe('due');
    expect(await ledgerOf(order.id)).toEqual([]);
    const params = { path: { id: order.id } };
    await staff.browser.ask(200, 'POST', '/admin/orders/{id}/ship', { params, body: { carrier: 'Post' } });
    expect((await seen(visit, order.id, 'shipped')).payment.status).toBe('due');
    const deliveries = await Promise.all(
      [1, 2, 3].map(() => staff.browser.call('POST', '/admin/orders/{id}/deliver', { params, body: {} })),
    );
    expect(deliveries.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    expect((await seen(visit, order.id, 'delivered')).payment).toMatchObject({ status: 'captured' });
    expect(await ledgerOf(order.id)).toEqual([
      { type: 'capture', provider: 'on_delivery', amount: order.total.amount },
    ]);
    await until(
      'the mails',
      () => shop.outside.mailsTo(visit.me.email),
      (all) => all.filter(({ subject }) => subject.includes(order.number)).length === 3,
    );
    expect(intents()).toEqual([]);
  });

  test('an order on delivery, cancelled before it left, owes nothing and is back on the shelf', async () => {
    const visit = shop.visit('Dave');
    const order = await ordered(visit, 'KB-White', 'on_delivery');
    const { variant_id: variantId = '' } = order.items[0] ?? {};
    const left = await visit.browser.available(variantId);
    await visit.browser.call('POST', '/orders/{id}/cancel', { params: { path: { id: order.id } }, body: {} });
    expect((await seen(visit, order.id, 'cancelled')).payment.status).toBe('voided');
    expect(await visit.browser.available(variantId)).toBe(left + 2);
    expect(await ledgerOf(order.id)).toEqual([]);
  });

  test('a cart that costs nothing is ordered and confirmed without asking any provider', async () => {
    await shop.rows(`update shipping_methods set price_amount = 0 where code = 'standard' returning id`);
    const order = await ordered(shop.visit('Fay'), 'FREE', 'stripe');
    expect([order.total.amount, order.payment.status]).toEqual([0, 'captured']);
    expect(await ledgerOf(order.id)).toEqual([]);
    expect(intents()).toEqual([]);
  });
});
