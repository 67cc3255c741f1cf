import { randomUUID } from 'node:crypto';
import { Client, Connection, type WorkflowExecutionInfo } from '@temporalio/client';
import { abandoner } from '../../dev/demo/shoppers/abandoner.js';
import { forgetful } from '../../dev/demo/shoppers/forgetful.js';
import { checkoutBody } from '../../dev/demo/client.js';
import { freePort } from '../../dev/launcher/ports.js';
import type { Order } from '../../dev/demo/shapes.js';
import type { Visit } from '../../dev/demo/visit.js';
import { historyText } from '../support/flow-history.js';
import { openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith, serviceUrl } from '../support/services.js';

const METRICS_TOKEN = 'a-token-for-the-figures';
const ADDRESS = { name: 'Markera Q. Nameworth', line1: '77 Hidden Lane', city: 'Markerville', postal_code: 'MK1 5EC' };
const TRACKING = 'JD-MARKER-0149';
const TYPES = ['checkout', 'passwordReset', 'confirmEmail', 'notify', 'refund', 'cancelOrder', 'reservationExpiry'];

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
      workerEnv: { LOG_LEVEL: 'debug', METRICS_PORT: String(port) },
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
    return browser.ask(201, 'POST', '/checkout', {
      body: { ...body, shipping_address: { ...body.shipping_address, ...ADDRESS } },
    });
  }
  const confirmed = (id: string) =>
    until(
      'the confirmation',
      async () => (await shop.orders()).find((each) => each.id === id)?.status,
      (status) => status === 'confirmed',
    );

  /** Staff's calls. */
  async function staff(): Promise<(method: string, path: string, body?: object) => Promise<number>> {
    const { browser, me } = arrive('Stella');
    const { id } = await browser.register(me);
    await shop.rows(`insert into user_roles (user_id, role) values (?, 'admin')`, [id]);
    const { access_token: token } = await browser.ask(200, 'POST', '/auth/login', {
      body: { email: me.email, password: me.password },
    });
    secrets.push(token);
    return async (method, path, body) => {
      const response = await fetch(`${shop.origin}/api/v1${path}`, {
        method,
        headers: {
          Authorization: `Bearer ${token}`,
          'Idempotency-Key': randomUUID(),
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      await response.arrayBuffer();
      return response.status;
    };
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

    const call = await staff();
    const at = (each: Order | undefined): string => `/admin/orders/${each?.id ?? ''}`;
    const shipment = { carrier: 'DHL', tracking_number: TRACKING };
    expect(await call('POST', `${at(sent)}/ship`, shipment)).toBe(200);
    expect(await call('POST', `${at(sent)}/deliver`)).toBe(200);
    expect(await call('POST', `${at(back)}/refunds`, {})).toBeLessThan(300);
    expect(await call('POST', `${at(none)}/cancel`, {})).toBeLessThan(300);
    expect(await call('GET', `/orders/${sent?.id ?? ''}/receipt`)).toBe(200);
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

    const client = new Client({ connection });
    const query = `TaskQueue = '${shop.taskQueue}'`;
    const flows = await until(
      'all flows in the listing, which follows after a while, and at their ends',
      async () => {
        const found: WorkflowExecutionInfo[] = [];
        for await (const flow of client.workflow.list({ query })) found.push(flow);
        return found;
      },
      (found) =>
        TYPES.every((type) => found.some((flow) => flow.type === type)) &&
        !found.some(({ type, status }) => TYPES.includes(type) && status.name === 'RUNNING'),
    );
    const texts = new Map<string, string>();
    for (const flow of flows) {
      const handle = client.workflow.getHandle(flow.workflowId, flow.runId);
      texts.set(`${flow.workflowId} attributes`, JSON.stringify(flow.searchAttributes));
      texts.set(flow.workflowId, await historyText(handle));
    }
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
