import { buyOne } from '../../client/example.js';
import { abandoner } from '../../dev/demo/shoppers/abandoner.js';
import { buyer } from '../../dev/demo/shoppers/buyer.js';
import { declined } from '../../dev/demo/shoppers/declined.js';
import { forgetful } from '../../dev/demo/shoppers/forgetful.js';
import { checkoutBody } from '../../dev/demo/client.js';
import type { Checkout, Order } from '../../dev/demo/shapes.js';
import { content, isDecided, readCheckout } from '../../dev/demo/shoppers/steps.js';
import type { Shopper, Visit } from '../../dev/demo/visit.js';
import { buy, challenge, hire, openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith } from '../support/services.js';

describeWith(['postgres', 'redis', 'temporal', 'mail', 'inbox', 'vonage'], 'customers, from end to end', () => {
  let shop: OpenShop;
  beforeAll(async () => {
    shop = await openShop();
  }, 180_000);
  afterAll(() => shop.close());

  afterEach(() => shop.simulate('/test/reset', {}));

  /** The demo's shoppers check what they claim; answers how often. */
  async function send(shopper: Shopper): Promise<number> {
    const visit = shop.visit(shopper.name);
    await shopper.visit(visit);
    return visit.check.made;
  }

  test.each([
    ['who registers, finds, buys and is told by mail and SMS', buyer, 20],
    ['whose card is declined leaves nothing behind', declined, 10],
    ['who abandons 3-D Secure loses the goods and pays nothing', abandoner, 15],
    ['who forgot the password gets another through the mail', forgetful, 6],
  ])('a customer %s', async (_, shopper, checks) => {
    expect(await send(shopper)).toBeGreaterThanOrEqual(checks);
    expect(await shop.stockOutOfBalance()).toEqual([]);
  });

  test('a guest, by the example of the README, has bought one', async () => {
    // busy machines answer with the checkout first
    expect(await buyOne(shop.origin)).toMatch(/^(P-\w{4}-\w{4}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/);
  });

  async function pick({ browser, shelf }: Visit): Promise<string> {
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    return (await shelf.take(browser, data, 10)).variant.id;
  }

  const ordersOf = async (checkoutId: string) =>
    (await shop.orders()).filter((each) => each.checkout_id === checkoutId);

  test('a guest cart, when its guest logs in, is merged into the cart of the account and ordered by it', async () => {
    const visit = shop.visit('Eve');
    const { browser, me } = visit;
    const [kept, brought] = [await pick(visit), await pick(visit)];
    const elsewhere = shop.visit('Eve').browser;
    await browser.register(me);
    await elsewhere.logIn(me);
    await elsewhere.addToCart(kept, 1);

    await browser.addToCart(kept, 2);
    await browser.addToCart(brought, 1);
    await browser.logIn(me);

    const cart = await elsewhere.ask(200, 'GET', '/cart');
    expect(content(cart)).toEqual(
      expect.arrayContaining([
        { variant_id: kept, quantity: 3 },
        { variant_id: brought, quantity: 1 },
      ]),
    );
    expect(cart.lines).toHaveLength(2);
    const order = await buy(browser, checkoutBody(me, 'pm_card_visa'));
    const { data } = await elsewhere.ask(200, 'GET', '/orders');
    expect(data.map(({ id }) => id)).toEqual([order.id]);
    expect(order.items.map(({ quantity }) => quantity).toSorted((a, b) => a - b)).toEqual([1, 3]);
  });

  test('a checkout, when submitted at once from two tabs, makes one order and one capture', async () => {
    const visit = shop.visit('Fay');
    const { browser, me } = visit;
    await browser.addToCart(await pick(visit), 1);
    const body = checkoutBody(me, 'pm_card_visa');
    const tabs = await Promise.all([1, 2].map(() => browser.call('POST', '/checkout', { body })));
    const later = await buy(browser, body);

    // busy machines answer a tab with the checkout first
    const ordered = tabs.map(async (tab) => {
      if (tab.status === 201) return tab.body.id;
      return tab.status === 202 ? (await decided(visit, tab.body.checkout_id)).order_id : tab.body;
    });
    expect(await Promise.all(ordered)).toEqual([later.id, later.id]);
    const [order, ...more] = (await shop.orders()).filter(({ id }) => id === later.id);
    expect(more).toEqual([]);
    const settled = await until(
      'the capture',
      () => shop.moneyOf(order?.checkout_id ?? ''),
      (money) => money.some(({ captures }) => captures > 0),
    );
    expect(settled).toEqual([{ captures: 1, net: later.total.amount, held: 0 }]);
  });

  async function waitForBank(visit: Visit): Promise<{ checkoutId: string; intentId: string }> {
    const { browser, me } = visit;
    await browser.addToCart(await pick(visit), 1);
    return challenge(browser, checkoutBody(me, 'pm_card_threeDSecure2Required'));
  }

  const decided = (visit: Visit, checkoutId: string): Promise<Checkout> =>
    until(
      'the end of the checkout',
      () => readCheckout(visit, checkoutId),
      ({ status }) => isDecided(status),
    );

  const oneCapture = async (checkoutId: string): Promise<void> => {
    const money = await until(
      'the capture',
      () => shop.moneyOf(checkoutId),
      (seen) => seen.some(({ captures }) => captures > 0),
    );
    const [order, ...more] = await ordersOf(checkoutId);
    expect(more).toEqual([]);
    expect(money).toEqual([{ captures: 1, net: order?.total, held: 0 }]);
    expect(await shop.stockOutOfBalance()).toEqual([]);
  };

  test('a customer who passes 3-D Secure, when the webhook comes twice at once, has one order', async () => {
    const visit = shop.visit('Gil');
    const { checkoutId, intentId } = await waitForBank(visit);
    await shop.simulate('/test/switches', { webhook: { duplicate: 1 } });
    await shop.simulate(`/test/payment_intents/${intentId}/authenticate`, { outcome: 'succeed' });
    expect((await decided(visit, checkoutId)).status).toBe('placed');
    await oneCapture(checkoutId);
  });

  test('a customer who passes 3-D Secure, when the webhook comes too late and twice, has one order all the same', async () => {
    const visit = shop.visit('Hal');
    await shop.simulate('/test/switches', { webhook: { hold: true, duplicate: 1 } });
    const { checkoutId, intentId } = await waitForBank(visit);
    await shop.simulate(`/test/payment_intents/${intentId}/authenticate`, { outcome: 'succeed' });
    expect((await decided(visit, checkoutId)).status).toBe('placed');
    await oneCapture(checkoutId);
    const heard = () =>
      shop.rows("select id from payment_events where intent_id = ? and outcome = 'authorised'", [intentId]);
    expect(await heard()).toEqual([]);

    await shop.simulate('/test/switches', { webhook: { hold: false } });
    await shop.simulate('/test/webhooks/release', { order: 'reverse' });
    await until('deliveries', shop.undelivered, (left) => left === 0);
    expect(await heard()).toHaveLength(1);
    await oneCapture(checkoutId);
  });

  const orderOf = ({ browser }: Visit, id: string, what: string, good: (order: Order) => boolean) =>
    until(what, () => browser.ask(200, 'GET', '/orders/{id}', { params: { path: { id } } }), good);

  async function bought(visit: Visit, card = 'pm_card_visa'): Promise<{ order: Order; variantId: string }> {
    const variantId = await pick(visit);
    await visit.browser.addToCart(variantId, 2);
    const { id } = await buy(visit.browser, checkoutBody(visit.me, card));
    return { order: await orderOf(visit, id, 'the capture', ({ status }) => status === 'confirmed'), variantId };
  }

  test('a customer who cancels has the money back and the shop its goods, once, whatever the provider’s events say', async () => {
    const visit = shop.visit('Ida');
    await visit.browser.register(visit.me);
    await visit.browser.logIn(visit.me);
    await shop.simulate('/test/switches', { webhook: { duplicate: 1 } });
    const { order, variantId } = await bought(visit);
    const left = await visit.browser.available(variantId);
    const cancellation = { params: { path: { id: order.id } }, body: {} };
    const asked = await Promise.all(
      [1, 2, 3].map(() => visit.browser.call('POST', '/orders/{id}/cancel', cancellation)),
    );
    expect(asked.every(({ status }) => status === 200 || status === 202)).toBe(true);

    const ended = await orderOf(visit, order.id, 'the refund', ({ payment }) => payment.status === 'refunded');
    expect([ended.status, ended.payment.refunded.amount]).toEqual(['cancelled', order.total.amount]);
    expect(await visit.browser.available(variantId)).toBe(left + 2);
    await until('deliveries', shop.undelivered, (waiting) => waiting === 0);
    expect(await shop.rows('select status from refunds where order_id = ?', [order.id])).toEqual([
      { status: 'succeeded' },
    ]);
  });

  test('staff who refund twice at once and too much give back what was paid and no more', async () => {
    const [visit, staff] = [shop.visit('Jan'), shop.visit('Kim')];
    await visit.browser.register(visit.me);
    await visit.browser.logIn(visit.me);
    await hire(shop, staff, 'staff');
    const { order } = await bought(visit);
    const amount = { ...order.total, amount: Math.ceil(order.total.amount * 0.6) };
    const params = { path: { id: order.id } };
    const asked = await Promise.all(
      [1, 2].map(() => staff.browser.call('POST', '/admin/orders/{id}/refunds', { params, body: { amount } })),
    );
    expect(asked.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    await staff.browser.ask(202, 'POST', '/admin/orders/{id}/refunds', { params, body: { restock: true } });
    const ended = await orderOf(visit, order.id, 'the refunds', ({ status }) => status === 'refunded');
    expect(ended.payment).toMatchObject({ status: 'refunded', refunded: order.total });
    expect(await shop.stockOutOfBalance()).toEqual([]);
  });
});
