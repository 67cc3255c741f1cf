import { randomUUID } from 'node:crypto';
import { Client, Connection } from '@temporalio/client';
import { abandoner } from '../../dev/demo/shoppers/abandoner.js';
import { forgetful } from '../../dev/demo/shoppers/forgetful.js';
import { checkoutBody } from '../../dev/demo/client.js';
import { freePort } from '../../dev/launcher/ports.js';
import type { Order } from '../../dev/demo/shapes.js';
import type { Visit } from '../../dev/demo/visit.js';
import { catalogueImportWorkflowId } from '../../src/workflows/contracts.js';
import { textsOfFlows } from '../support/flow-history.js';
import { buy, hire, openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith, serviceUrl } from '../support/services.js';
import { sdk } from '../unit/simulators/stripe-bench.js';

const METRICS_TOKEN = 'a-token-for-the-figures';
const ADDRESS = { name: 'Markera Q. Nameworth', line1: '77 Hidden Lane', city: 'Markerville', postal_code: 'MK1 5EC' };
const TRACKING = 'JD-MARKER-0149';
const ALERT_MAIL = 'stock.keeper@example.com';
/** All flows but those that only repair what was lost. */
const TYPES = [
  ...['checkout', 'reservationExpiry', 'notify', 'passwordReset', 'confirmEmail', 'refund', 'cancelOrder'],
  ...['paymentEvent', 'refundEvent', 'catalogueImport', 'searchIndex', 'lowStock', 'backInStock'],
  ...['reconciliation', 'reconciliationRepair'],
];

describeWith(['postgres', 'redis', 'temporal', 'mail', 'inbox', 'vonage'], 'what is kept of customers', () => {
  let shop: OpenShop;
  let connection: Connection;
  let workerFigures: string;
  const visits: Visit[] = [];
  const secrets: string[] = [];

  beforeAll(async () => {
    const port = await freePort(15_000 + Number(process.env['JEST_WORKER_ID'] ?? 1) * 100, new Set());
    workerFigures = `http://127.0.0.1:${port}/metrics`;
    shop = await openShop({
      apiEnv: { LOG_LEVEL: 'debug', METRICS_TOKEN },
      workerEnv: { LOG_LEVEL: 'debug', METRICS_PORT: String(port), STOCK_ALERT_MAIL: ALERT_MAIL },
    });
    connection = await Connection.connect({ address: serviceUrl('temporal') });
  }, 180_000);
  afterAll(async () => {
    await connection?.close();
    await shop.close();
  });

  const arrive = (name: string): Visit => {
    const visit = shop.visit(name);
    visits.push(visit);
    return visit;
  };

  async function order({ browser, shelf, me }: Visit, card = 'pm_card_visa'): Promise<Order> {
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    await browser.addToCart((await shelf.take(browser, data, 10)).variant.id, 2);
    const body = checkoutBody(me, card);
    return buy(browser, { ...body, shipping_address: { ...body.shipping_address, ...ADDRESS } });
  }
  const confirmed = (id: string) =>
    until(
      'the confirmation',
      async () => (await shop.orders()).find((each) => each.id === id)?.status,
      (status) => status === 'confirmed',
    );

  /** Staff's calls. */
  async function staff(): Promise<(method: string, path: string, body?: object | string) => Promise<number>> {
    const token = await hire(shop, arrive('Stella'), 'admin');
    secrets.push(token);
    return async (method, path, body) => {
      const response = await fetch(`${shop.origin}/api/v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Idempotency-Key': randomUUID(),
          ...(body === undefined ? {} : { 'Content-Type': typeof body === 'string' ? 'text/csv' : 'application/json' }),
        },
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      return response.status;
    };
  }

  /** Money past the shop for a checkout that its customer stopped: the provider's event tells of it, and it goes back. */
  async function payStopped({ browser, me, shelf }: Visit): Promise<void> {
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    await browser.addToCart((await shelf.take(browser, data, 10)).variant.id, 1);
    const body = checkoutBody(me, 'pm_card_threeDSecure2Required');
    const { checkout_id: id } = await browser.ask(202, 'POST', '/checkout', { body });
    await browser.call('DELETE', '/checkout/{id}', { params: { path: { id } } });
    await sdk(shop.stripeUrl, shop.secrets.secretKey).paymentIntents.create({
      ...{ amount: 1_999, currency: 'usd', capture_method: 'manual', confirm: true },
      ...{ payment_method: 'pm_card_visa', allowed_payment_method_types: ['card'] },
      metadata: { checkout_id: id, attempt: '1' },
    });
  }

  /** A movement that nobody wrote down, found by a run and mended as approved. */
  async function reconcile(client: Client, call: Awaited<ReturnType<typeof staff>>): Promise<void> {
    await shop.rows(
      `update stock_levels set on_hand = 51 where variant_id = (select id from variants where sku = 'KB-Grey')`,
    );
    const flow = { taskQueue: shop.taskQueue, workflowId: `reconciliation-${randomUUID()}` };
    await client.workflow.execute('reconciliation', flow);
    const [found] = await shop.rows<{ id: string; expected: object; found: object }>(
      `select id, expected, found from reconciliation_differences where state = 'awaiting_approval'`,
    );
    const shown = { expected: found?.expected, found: found?.found };
    expect(await call('POST', `/admin/reconciliation-differences/${found?.id ?? ''}/approve`, shown)).toBe(202);
  }

  /** Somebody waits for what is sold out, and is told when it is back. */
  async function waitForStock(call: Awaited<ReturnType<typeof staff>>): Promise<void> {
    const [level] = await shop.rows<{ id: string }>(
      `select s.variant_id as id from stock_levels s join variants v on v.id = s.variant_id
       where s.reserved = 0 and v.sku <> 'KB-Grey' and not exists (select from order_lines l where l.variant_id = v.id) limit 1`,
    );
    const variantId = level?.id ?? '';
    const count = (on_hand: number) => call('PATCH', `/admin/inventory/${variantId}`, { on_hand, reason: 'count' });
    expect(await count(0)).toBe(200);
    expect(await call('POST', `/variants/${variantId}/stock-notices`, { email: arrive('Waltraud').me.email })).toBe(
      202,
    );
    expect(await count(3)).toBe(200);
    await until(
      'news of stock',
      () => shop.rows(`select id from stock_notices where state = 'told'`),
      (rows) => rows.length === 1,
    );
  }

  test('histories, search attributes, logs and figures hold nothing personal and no secret', async () => {
    for (const shopper of [abandoner, forgetful]) await shopper.visit(arrive(shopper.name));
    const [sent, back, none] = await Promise.all(['Ada', 'Grace', 'Mary'].map((name) => order(arrive(name))));
    for (const { id } of [sent, back, none] as Order[]) await confirmed(id);
    secrets.push(...[sent, back, none].map((each) => each?.order_token ?? ''));

    const holder = arrive('Hedy');
    const { data } = await holder.browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    await holder.browser.addToCart((await holder.shelf.take(holder.browser, data, 10)).variant.id, 1);
    await holder.browser.ask(201, 'POST', '/cart/reservation');
    await holder.browser.ask(204, 'DELETE', '/cart/reservation');

    const client = new Client({ connection });
    const call = await staff();
    const at = (each: Order | undefined): string => `/admin/orders/${each?.id ?? ''}`;
    const shipment = { carrier: 'DHL', tracking_number: TRACKING };
    expect(await call('POST', `${at(sent)}/ship`, shipment)).toBe(200);
    expect(await call('POST', `${at(sent)}/deliver`)).toBe(200);
    expect(await call('POST', `${at(back)}/refunds`, {})).toBeLessThan(300);
    expect(await call('POST', `${at(none)}/cancel`, {})).toBeLessThan(300);
    expect(await call('GET', `/orders/${sent?.id ?? ''}/receipt`)).toBe(200);
    await payStopped(arrive('Olga'));
    await reconcile(client, call);
    await waitForStock(call);
    const [low] = await shop.rows<{ id: string }>('select variant_id as id from order_lines where order_id = ?', [
      none?.id,
    ]);
    expect(await call('PUT', `/admin/inventory/${low?.id ?? ''}/threshold`, { low_at: 9 })).toBe(200);
    expect(await call('PATCH', `/admin/inventory/${low?.id ?? ''}`, { on_hand: 5, reason: 'count' })).toBe(200);
    const [told] = await until(
      'the messages',
      () =>
        shop.rows<{ id: string }>(
          `select id from notifications where event = 'order_confirmed' and channel = 'email'
           and status = 'sent' and subject_id = ?`,
          [sent?.id],
        ),
      (rows) => rows.length > 0,
    );
    expect(await call('POST', `${at(sent)}/notifications/${told?.id ?? ''}/resend`)).toBe(202);
    expect(await call('GET', '/admin/flows?status=any')).toBe(200);
    expect(await call('POST', `/admin/flows/notify-${sent?.id ?? ''}/retry`, { reason: 'other' })).toBeGreaterThan(400);
    await until(
      'all messages',
      () => shop.rows(`select id from notifications where status = 'pending'`),
      (rows) => rows.length === 0,
    );

    // What people, and those who err, put into addresses and bodies.
    const [victim] = visits.slice(-1).map(({ me }) => me);
    const email = encodeURIComponent(victim?.email ?? '');
    expect(await call('GET', `/admin/users?email=${email}`)).toBe(200);
    for (const path of [`/products/${email}`, `/users/${email}`, `/orders/${email}?phone=${victim?.phone ?? ''}`])
      expect(await call('GET', path)).toBeGreaterThanOrEqual(400);
    expect(await call('POST', '/auth/login', { email: victim?.email, password: 'MarkedPassword1' })).toBe(401);
    expect(await call('POST', '/auth/login', { [victim?.email ?? '']: 'MarkedPassword1' })).toBe(400);
    secrets.push('MarkedPassword1', email);
    expect(await call('GET', `/products/search?q=${email}`)).toBe(200);
    const lines = ['sku,title,category,price_cents,currency', `${victim?.email},x,Things,1,USD`, 'NEW,x,Things,1,USD'];
    expect(await call('POST', `/admin/imports?name=${email}.csv`, lines.join('\n'))).toBe(202);

    const uploads = await shop.rows<{ id: string }>('select id from imports where uploaded');
    const imports = uploads.map(({ id }) => catalogueImportWorkflowId(id));
    const texts = await textsOfFlows(client, shop.taskQueue, TYPES, imports);
    expect(texts.get(`notify-${sent?.id ?? ''}`)).toContain(`"orderId":"${sent?.id ?? ''}"`.replaceAll('"', '\\"'));
    texts.set('log of the API', shop.running.api.output());
    texts.set('log of the worker', shop.running.worker.output());
    const headers = { Authorization: `Bearer ${METRICS_TOKEN}` };
    texts.set('figures of the API', await (await fetch(`${shop.origin}/metrics`, { headers })).text());
    texts.set('figures of the worker', await (await fetch(workerFigures)).text());
    for (const name of ['log of the API', 'log of the worker', 'figures of the API', 'figures of the worker'])
      expect([name, (texts.get(name) ?? '').length > 100]).toEqual([name, true]);

    const markers = [
      ...visits.flatMap(({ me }) => [me.email, me.phone, me.phone.slice(1), me.password]),
      ...Object.values(ADDRESS),
      '@example.com',
      '_secret_',
      TRACKING,
      METRICS_TOKEN,
      'pm_card_visa',
      shop.secrets.secretKey,
      shop.secrets.webhookSecret,
      ...secrets,
    ];
    expect(markers.filter((marker) => marker.length < 5)).toEqual([]);
    const found = [...texts].flatMap(([name, text]) =>
      markers.filter((marker) => text.includes(marker)).map((marker) => `${marker} in ${name}`),
    );
    expect(found).toEqual([]);
  }, 180_000);
});
