import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import type { Answer } from '../../dev/demo/answers.js';
import { checkoutBody, openBrowser, type Browser } from '../../dev/demo/client.js';
import { isDecided } from '../../dev/demo/shoppers/steps.js';
import { newPerson } from '../../dev/demo/visit.js';
import { importLine } from '../support/catalogue.js';
import { challenge, openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith } from '../support/services.js';
import { sdk } from '../unit/simulators/stripe-bench.js';

const SUBMITS = 50;
/** Of one event at each process. */
const DELIVERIES = 5;

const only = (sku: string, stock: number) =>
  importLine({ sku, category: ['Two', sku], price_cents: 1_000, stock, currency: 'USD' });

describeWith(['postgres', 'redis', 'temporal', 'mail', 'vonage'], 'a shop with two processes of its API', () => {
  let shop: OpenShop;
  let origins: readonly string[];
  let variants: ReadonlyMap<string, string>;
  beforeAll(async () => {
    shop = await openShop({
      reservationMs: 300_000,
      products: [only('LAST-A', 1), only('LAST-B', 1), only('BANK', 9), only('LATE', 9), only('BACK', 9)],
    });
    origins = [shop.origin, await shop.openSecondApi()];
    const rows = await shop.rows<{ sku: string; id: string }>('select sku, id from variants');
    variants = new Map(rows.map(({ sku, id }) => [sku, id]));
  }, 240_000);
  afterEach(async () => {
    await shop.simulate('/test/switches', { webhook: { hold: false } });
    expect(await shop.stockOutOfBalance()).toEqual([]);
  });
  afterAll(() => shop.close());

  /** A customer, logged in at both processes, with one piece in the cart. */
  async function customerWith(sku: string): Promise<Browser[]> {
    const me = newPerson('Twin');
    const browsers = origins.map(openBrowser);
    await browsers[0]?.register(me);
    for (const browser of browsers) await browser.logIn(me);
    await browsers[0]?.addToCart(variants.get(sku) ?? '', 1);
    return browsers;
  }
  const card = (paymentMethod = 'pm_card_visa') => {
    const { phone: _, ...body } = checkoutBody(newPerson('Twin'), paymentMethod);
    return body;
  };
  const ended = (browser: Browser, id: string) =>
    until(
      'the end of the checkout',
      () => browser.ask(200, 'GET', '/checkout/{id}', { params: { path: { id } } }),
      ({ status }) => isDecided(status),
    );
  /** The order of a submit; of what is under way, once it is decided. */
  async function orderOf(browser: Browser, { status, body }: Answer<'POST', '/checkout'>): Promise<string> {
    if (status === 201) return body.id;
    if (status !== 202) return `${status} ${body.error.code}`;
    const end = await ended(browser, body.checkout_id);
    return end.order_id ?? end.status;
  }
  const captured = (checkoutId: string) =>
    until(
      'the capture',
      () => shop.moneyOf(checkoutId),
      (money) => money.some(({ captures }) => captures > 0),
    );

  test.each([
    ['without an Idempotency-Key', 'LAST-A', false],
    ['with one', 'LAST-B', true],
  ])(
    '50 submits at once of one cart with the last piece, at both, %s, are one order and one capture',
    async (_, sku, keyed) => {
      const browsers = await customerWith(sku);
      const init = { body: card(), params: { header: keyed ? { 'Idempotency-Key': randomUUID() } : {} } };
      const orders = await Promise.all(
        Array.from({ length: SUBMITS }, async (_, index) => {
          const browser = browsers[index % 2] as Browser;
          return orderOf(browser, await browser.call('POST', '/checkout', init));
        }),
      );
      const rows = await shop.rows<{ id: string; checkout_id: string }>(
        `select o.id, k.id as checkout_id from cart_lines l join checkouts k on k.cart_id = l.cart_id
         left join orders o on o.checkout_id = k.id where l.variant_id = ?`,
        [variants.get(sku)],
      );
      expect(rows).toHaveLength(1);
      expect([...new Set(orders)]).toEqual([rows[0]?.id]);
      expect(await captured(rows[0]?.checkout_id ?? '')).toMatchObject([{ captures: 1, held: 0 }]);
    },
    90_000,
  );

  /** All that the provider says of an intent, five times to each process and all at once, as it would be sent. */
  async function deliver(intentId: string, wanted: (type: string) => boolean = () => true): Promise<string[]> {
    const { data } = await sdk(shop.stripeUrl, shop.secrets.secretKey).events.list({ limit: 100 });
    const events = data.filter((event) => wanted(event.type) && JSON.stringify(event.data.object).includes(intentId));
    const answers = await Promise.all(
      Array.from({ length: DELIVERIES }, () => events)
        .flat()
        .flatMap((event) => origins.map((origin) => send(origin, event))),
    );
    expect([...new Set(answers)]).toEqual([200]);
    return events.map(({ id }) => id);
  }
  async function send(origin: string, event: Stripe.Event): Promise<number> {
    const payload = JSON.stringify(event);
    const secret = shop.secrets.webhookSecret;
    const response = await fetch(`${origin}/api/v1/webhooks/stripe`, {
      method: 'POST',
      headers: { 'Stripe-Signature': Stripe.webhooks.generateTestHeaderString({ payload, secret }) },
      body: payload,
    });
    await response.arrayBuffer();
    return response.status;
  }
  const stored = (ids: readonly string[]) =>
    shop.rows(`select id from payment_events where id in (select jsonb_array_elements_text(?::jsonb))`, [
      JSON.stringify(ids),
    ]);

  /** A checkout whose customer passed the bank's page, of which the shop heard nothing yet. */
  async function passed(sku: string): Promise<{ browser: Browser; checkoutId: string; intentId: string }> {
    await shop.simulate('/test/switches', { webhook: { hold: true } });
    const [browser] = (await customerWith(sku)) as [Browser];
    return { browser, ...(await challenge(browser, card('pm_card_threeDSecure2Required'))) };
  }
  const authenticate = (intentId: string) =>
    shop.simulate(`/test/payment_intents/${intentId}/authenticate`, { outcome: 'succeed' });

  test('an event that a checkout waits for, at both at once, is stored once and places one order', async () => {
    const { browser, checkoutId, intentId } = await passed('BANK');
    await authenticate(intentId);
    const ids = await deliver(intentId);
    expect((await ended(browser, checkoutId)).status).toBe('placed');
    expect(await captured(checkoutId)).toMatchObject([{ captures: 1, held: 0 }]);
    expect(await stored(ids)).toHaveLength(ids.length);
  });

  test('an event of money for a checkout that ended, at both at once, gives it back once', async () => {
    const { browser, checkoutId, intentId } = await passed('LATE');
    await browser.call('DELETE', '/checkout/{id}', { params: { path: { id: checkoutId } } });
    expect((await ended(browser, checkoutId)).status).toBe('cancelled');
    // Past the shop, as a call of a frozen worker would: nothing but the event tells of it.
    const stripe = sdk(shop.stripeUrl, shop.secrets.secretKey);
    const stray = await stripe.paymentIntents.create({
      amount: 1_000,
      currency: 'usd',
      capture_method: 'manual',
      payment_method: 'pm_card_visa',
      confirm: true,
      allowed_payment_method_types: ['card'],
      metadata: { checkout_id: checkoutId, attempt: '1' },
    });
    const [id] = await deliver(stray.id, (type) => type.includes('capturable'));
    expect((await shop.outside.flow(`payment-event-${id}`)).status).not.toBe('ABSENT');
    await until(
      'the void',
      () => shop.rows('select id from payment_events where id = ? and handled_at is not null', [id]),
      (rows) => rows.length > 0,
    );
    expect(shop.stripe.ledger(stray.id).movements.map(({ type }) => type)).toEqual(['authorise', 'void']);
    expect(intentId).not.toBe(stray.id);
  });

  test('an event of a refund that the dashboard made, at both at once, books it once', async () => {
    const [browser] = (await customerWith('BACK')) as [Browser];
    const answer = await browser.call('POST', '/checkout', { body: card() });
    const orderId = await orderOf(browser, answer);
    const [payment] = await until(
      'the capture',
      () => shop.rows<{ intent_id: string; status: string }>('select * from payments where order_id = ?', [orderId]),
      ([row]) => row?.status === 'captured',
    );
    await shop.simulate('/test/switches', { webhook: { hold: true } });
    const intentId = payment?.intent_id ?? '';
    await sdk(shop.stripeUrl, shop.secrets.secretKey).refunds.create({ payment_intent: intentId, amount: 400 });
    await deliver(intentId, (type) => type.includes('refund'));
    await until(
      'the booking',
      () => shop.rows('select status from refunds where order_id = ?', [orderId]),
      (rows) => rows.length > 0,
    );
    await until(
      'all events handled',
      () =>
        shop.rows(`select id from payment_events where intent_id = ? and type like '%refund%' and handled_at is null`, [
          intentId,
        ]),
      (rows) => rows.length === 0,
    );
    expect(await shop.rows('select status, amount from refunds where order_id = ?', [orderId])).toEqual([
      { status: 'succeeded', amount: 400 },
    ]);
    expect(
      await shop.rows(`select type, amount from payment_ledger where intent_id = ? order by type`, [intentId]),
    ).toMatchObject([{ type: 'capture' }, { type: 'refund', amount: 400 }]);
    expect(await shop.rows('select refunded_amount from payments where order_id = ?', [orderId])).toEqual([
      { refunded_amount: 400 },
    ]);
  });
});
