import { randomUUID } from 'node:crypto';
import type { Answer } from '../../dev/demo/answers.js';
import { checkoutBody, openBrowser, type Browser } from '../../dev/demo/client.js';
import { isDecided } from '../../dev/demo/shoppers/steps.js';
import { newPerson } from '../../dev/demo/visit.js';
import { atMost } from '../support/at-most.js';
import { importLine } from '../support/catalogue.js';
import { openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith } from '../support/services.js';

/** Requests at a time: enough to race, few enough that two busy cores answer them in time. */
const AT_ONCE = 24;

const numbered = (name: string, count: number, stock: number) =>
  Array.from({ length: count }, (_, index) =>
    importLine({ sku: `${name}-${index}`, category: ['Races', name], price_cents: 1_000, stock }),
  );
const only = (sku: string, stock: number) => importLine({ sku, category: ['Races', sku], price_cents: 1_000, stock });

describeWith(['postgres', 'redis', 'temporal', 'mail', 'vonage'], 'customers who race each other', () => {
  let shop: OpenShop;
  let variants: ReadonlyMap<string, string>;
  beforeAll(async () => {
    shop = await openShop({
      reservationMs: 300_000,
      products: [
        only('FIFTY', 50),
        only('LAST-A', 1),
        only('LAST-B', 1),
        only('LEFT', 100),
        only('RIGHT', 100),
        ...numbered('PIN', 65, 100),
      ],
    });
    const rows = await shop.rows<{ sku: string; id: string }>('select sku, id from variants');
    variants = new Map(rows.map(({ sku, id }) => [sku, id]));
  }, 180_000);
  afterEach(async () => expect(await shop.stockOutOfBalance()).toEqual([]));
  afterAll(() => shop.close());

  const variant = (sku: string): string => variants.get(sku) ?? '';
  const card = (paymentMethod = 'pm_card_visa') => {
    const { phone: _, ...body } = checkoutBody(newPerson('Racer'), paymentMethod);
    return body;
  };

  async function guestWith(...skus: readonly string[]): Promise<Browser> {
    const browser = openBrowser(shop.origin);
    for (const sku of skus) await browser.addToCart(variant(sku), 1);
    return browser;
  }

  type Submitted = Answer<'POST', '/checkout'>;
  const submitted = (browser: Browser): Promise<Submitted> => browser.call('POST', '/checkout', { body: card() });

  interface Ending {
    readonly status: number;
    readonly code: string;
    readonly orderId: string | null;
  }

  /** Submits the cart; what is accepted is followed to its end. */
  async function buy(browser: Browser, submit: () => Promise<Submitted> = () => submitted(browser)): Promise<Ending> {
    const answer = await submit();
    if (answer.status === 201) return { status: 201, code: '', orderId: answer.body.id };
    if (answer.status !== 202) return { status: answer.status, code: answer.body.error.code, orderId: null };
    const path = { id: answer.body.checkout_id };
    const end = await until(
      'the end of the checkout',
      () => browser.ask(200, 'GET', '/checkout/{id}', { params: { path } }),
      (seen) => isDecided(seen.status),
    );
    return end.status === 'placed'
      ? { status: 201, code: '', orderId: end.order_id }
      : { status: 409, code: end.failure?.code ?? end.status, orderId: null };
  }

  const stockOf = (sku: string) =>
    shop.rows('select on_hand, reserved from stock_levels where variant_id = ?', [variant(sku)]);
  const ordersWith = (sku: string) =>
    shop.rows<{ order_id: string }>('select order_id from order_lines where variant_id = ?', [variant(sku)]);

  test('200 buyers for 50 pieces: 50 have an order and are charged once, 150 are told that it is sold out', async () => {
    const buyers = await atMost(AT_ONCE, Array.from({ length: 200 }), () => guestWith('FIFTY'));
    const endings = await atMost(AT_ONCE, buyers, (browser) => buy(browser));

    expect(endings.filter(({ status }) => status === 201)).toHaveLength(50);
    expect(endings.filter(({ status, code }) => status === 409 && code === 'out_of_stock')).toHaveLength(150);
    expect(new Set(endings.flatMap(({ orderId }) => orderId ?? [])).size).toBe(50);
    expect(await ordersWith('FIFTY')).toHaveLength(50);
    expect(await stockOf('FIFTY')).toEqual([{ on_hand: 0, reserved: 0 }]);
    const captured = () =>
      shop.rows<{ count: number }>(
        `select count(*) from payment_ledger where type = 'capture' and checkout_id in
           (select checkout_id from orders o join order_lines l on l.order_id = o.id where l.variant_id = ?)`,
        [variant('FIFTY')],
      );
    await until('the captures', captured, ([row]) => row?.count === 50);

    // Most of the 150 were refused by a read: no more flows began than could be under way when the last piece went.
    const [flows] = await shop.rows<{ count: number }>(
      `select count(*) from checkouts k join cart_lines l on l.cart_id = k.cart_id where l.variant_id = ?`,
      [variant('FIFTY')],
    );
    expect(flows?.count).toBeLessThanOrEqual(50 + AT_ONCE);
  }, 300_000);

  test.each([
    ['without an Idempotency-Key', 'LAST-A', false],
    ['with one', 'LAST-B', true],
  ])(
    '50 submits at once of one cart with the last piece, %s, are one order',
    async (_, sku, keyed) => {
      const browser = openBrowser(shop.origin);
      await browser.addToCart(variant(sku), 1);
      const init = { body: card(), params: { header: keyed ? { 'Idempotency-Key': randomUUID() } : {} } };
      const submit = () => browser.call('POST', '/checkout', init);
      const endings = await Promise.all(Array.from({ length: 50 }, () => buy(browser, submit)));
      expect(new Set(endings.map(({ status, orderId }) => `${status} ${orderId}`)).size).toBe(1);
      expect(endings[0]?.status).toBe(201);
      expect(await ordersWith(sku)).toEqual([{ order_id: endings[0]?.orderId }]);
      expect(
        await shop.rows(
          'select k.id from checkouts k join cart_lines l on l.cart_id = k.cart_id where l.variant_id = ?',
          [variant(sku)],
        ),
      ).toHaveLength(1);
    },
    90_000,
  );

  test('50 adds at once to one cart, each of another variant, keep every line', async () => {
    const browser = await guestWith('PIN-0');
    await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        browser.ask(200, 'POST', '/cart/items', { body: { variant_id: variant(`PIN-${index}`), quantity: 2 } }),
      ),
    );
    const { lines } = await browser.ask(200, 'GET', '/cart');
    expect(new Map(lines.map((line) => [line.variant_id, line.quantity]))).toEqual(
      new Map(Array.from({ length: 50 }, (_, index) => [variant(`PIN-${index}`), index === 0 ? 3 : 2])),
    );
  });

  test('20 carts with two products in opposite order are all ordered, and no transaction is a deadlock’s victim', async () => {
    const orders = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? ['LEFT', 'RIGHT'] : ['RIGHT', 'LEFT']));
    const buyers = await atMost(AT_ONCE, orders, (skus) => guestWith(...skus));
    const endings = await atMost(AT_ONCE, buyers, (browser) => buy(browser));
    expect(endings.filter(({ status }) => status !== 201)).toEqual([]);
    for (const sku of ['LEFT', 'RIGHT']) expect(await stockOf(sku)).toEqual([{ on_hand: 80, reserved: 0 }]);
    const underWay = `select 'order' as what from orders where status = 'pending'
      union all select 'message' from notifications where status = 'pending'`;
    await until(
      'the end of all that the orders began',
      () => shop.rows(underWay),
      (left) => left.length === 0,
      90_000,
    );
    expect(await shop.rows('select deadlocks from pg_stat_database where datname = current_database()')).toEqual([
      { deadlocks: 0 },
    ]);
  }, 150_000);

  test('a cart, while its checkout waits for the bank, refuses every edit; after it is cancelled, takes them', async () => {
    const browser = await guestWith('PIN-1');
    const { checkout_id: checkoutId } = await browser.ask(202, 'POST', '/checkout', {
      body: card('pm_card_threeDSecure2Required'),
    });
    const [line] = (await browser.ask(200, 'GET', '/cart')).lines;
    const params = { path: { id: line?.id ?? '' } };
    const change = { params, body: { quantity: 2 } };
    const refused = await Promise.all([
      browser.ask(409, 'POST', '/cart/items', { body: { variant_id: variant('PIN-2') } }),
      browser.ask(409, 'PATCH', '/cart/items/{id}', change),
      browser.ask(409, 'DELETE', '/cart/items/{id}', { params }),
      browser.ask(409, 'DELETE', '/cart'),
    ]);
    expect(refused.map(({ error }) => error.code)).toEqual(refused.map(() => 'checkout_in_progress'));
    const path = { id: checkoutId };
    await browser.call('DELETE', '/checkout/{id}', { params: { path } });
    await until(
      'the end of the checkout',
      () => browser.ask(200, 'GET', '/checkout/{id}', { params: { path } }),
      ({ status }) => status === 'cancelled',
    );
    expect(await browser.ask(200, 'PATCH', '/cart/items/{id}', change)).toMatchObject({ lines: [{ quantity: 2 }] });
  });

  test('ten logins at once with the token of one guest cart of 65 lines, bring every line along once', async () => {
    const me = newPerson('Merger');
    await openBrowser(shop.origin).register(me);
    const guest = openBrowser(shop.origin);
    for (let index = 0; index < 65; index += 1) await guest.addToCart(variant(`PIN-${index}`), 2);
    const own = openBrowser(shop.origin);
    await own.logIn(me);
    await own.addToCart(variant('PIN-0'), 1);

    await Promise.all(Array.from({ length: 10 }, () => guest.call('POST', '/auth/login', { body: credentials(me) })));
    const { lines } = await own.ask(200, 'GET', '/cart');
    expect(new Map(lines.map((line) => [line.variant_id, line.quantity]))).toEqual(
      new Map(Array.from({ length: 65 }, (_, index) => [variant(`PIN-${index}`), index === 0 ? 3 : 2])),
    );
    expect((await guest.ask(200, 'GET', '/cart')).lines).toEqual([]);
  });
});

const credentials = ({ email, password }: { readonly email: string; readonly password: string }) => ({
  email,
  password,
});
