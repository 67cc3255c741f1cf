import pg from 'pg';
import { createPerdureClient } from '../../client/index.js';
import { freePort } from '../../dev/launcher/ports.js';
import { checkoutBody } from '../../dev/demo/client.js';
import type { Order } from '../../dev/demo/shapes.js';
import { fillCart } from '../../dev/demo/shoppers/steps.js';
import type { Visit } from '../../dev/demo/visit.js';
import { buy, openShop, until, type OpenShop } from '../support/open-shop.js';
import { startOtlpReceiver, type OtlpReceiver, type SentSpan } from '../support/otlp-receiver.js';
import { describeWith } from '../support/services.js';

const LOWEST_PORT = 20_000;
const TOKEN = 'a-token-of-operators';
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/;

describeWith(['postgres', 'redis', 'temporal', 'mail', 'inbox', 'vonage'], 'a shop in operation', () => {
  let collector: OtlpReceiver;
  let shop: OpenShop;
  let workerFigures: string;
  let order: Order;
  let email: string;

  beforeAll(async () => {
    collector = await startOtlpReceiver();
    const port = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 100, new Set());
    workerFigures = `http://127.0.0.1:${port}`;
    const traces = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint, OTEL_BSP_SCHEDULE_DELAY: '100' };
    shop = await openShop({
      apiEnv: { ...traces, METRICS_TOKEN: TOKEN },
      workerEnv: { ...traces, METRICS_PORT: String(port) },
    });
    const ada = shop.visit('Ada');
    email = ada.me.email;
    order = await ordered(ada);
  }, 240_000);
  afterAll(async () => {
    await shop.close();
    await collector.close();
  });

  async function ordered(visit: Visit): Promise<Order> {
    const { browser, me } = visit;
    await fillCart(visit, 1);
    await browser.ask(200, 'GET', '/cart');
    return buy(browser, checkoutBody(me, 'pm_card_visa'));
  }

  test('a checkout is one trace, from its request through its flow and activities to PostgreSQL', async () => {
    const isRequest = ({ name }: SentSpan) => name === 'POST startCheckout';
    const isPlacing = ({ name }: SentSpan) => name === 'RunActivity:placeOrder';
    const trace = await until(
      'the spans of the checkout',
      async () => {
        const request = collector.spans.find(isRequest);
        return collector.spans.filter(({ traceId }) => traceId === request?.traceId);
      },
      (spans) => spans.some(isPlacing) && spans.some(({ name }) => name.startsWith('RunWorkflow:checkout')),
    );
    const parents = new Map(trace.map((span) => [span.spanId, span]));
    const way = (span: SentSpan | undefined): string[] =>
      span === undefined ? [] : [...way(parents.get(span.parentSpanId ?? '')), `${span.service} ${span.name}`];

    const inPlacing = trace.filter(
      ({ name, parentSpanId }) =>
        name === 'sql begin' && isPlacing(parents.get(parentSpanId ?? '') ?? ({ name: '' } as SentSpan)),
    );
    expect(inPlacing).toHaveLength(1);
    expect(way(inPlacing[0])).toEqual([
      'perdure-api POST startCheckout',
      'perdure-api UpdateWithStartWorkflow:outcome',
      'perdure-worker RunWorkflow:checkout',
      'perdure-worker StartActivity:placeOrder',
      'perdure-worker RunActivity:placeOrder',
      'perdure-worker sql begin',
    ]);
    // the request's own statements, beside its flow
    expect(trace.some(({ service, name }) => service === 'perdure-api' && name === 'sql select')).toBe(true);
  });

  test('traces hold no personal data and no statement', () => {
    const text = collector.sent();
    expect(text).not.toContain(email);
    expect(text).not.toMatch(/Main St|pm_card_visa|insert into|where id|Bearer|secret/i);
  });

  test('the worker tells its flows, activities, statements and outbox, without ids', async () => {
    const figures = await until(
      'the flow among the figures',
      async () => (await fetch(`${workerFigures}/metrics`)).text(),
      (text) => /^temporal_workflow_completed_total\{.*workflow_type="checkout".*\} 1$/m.test(text),
    );
    for (const figure of [
      /^temporal_workflow_endtoend_latency\w*_count\{.*workflow_type="checkout".*\} 1$/m,
      /^temporal_activity_execution_latency\w*_count\{.*activity_type="capturePayment".*\} \d+$/m,
      /^temporal_local_activity_\w+\{.*activity_type="placeOrder".*\}/m,
      /^perdure_sql_statement_duration_seconds_count\{.*statement="commit",outcome="ok"\} [1-9]/m,
      /^perdure_outbox_waiting\{service="worker"\} \d+$/m,
    ])
      expect(figures).toMatch(figure);
    expect(figures).not.toMatch(ID);
    expect((await fetch(`${workerFigures}/health/ready`)).status).toBe(200);
  });

  test('the API tells its requests and the flows they started', async () => {
    const headers = { Authorization: `Bearer ${TOKEN}` };
    const placed = /^perdure_checkout_outcomes_total\{outcome="placed",service="api"\} (\d+)$/m;
    let orders = 1;
    // what a request did not wait for, as on a busy machine, counts as undecided
    const figures = await until(
      'a checkout placed while its request waits',
      async () => {
        const text = await (await fetch(`${shop.origin}/metrics`, { headers })).text();
        if (placed.test(text)) return text;
        await ordered(shop.visit('Eva'));
        orders += 1;
        return '';
      },
      (text) => text !== '',
      120_000,
    );
    expect(placed.exec(figures)?.[1]).toBe('1');
    const requests =
      /^perdure_http_request_duration_seconds_count\{.*operation="startCheckout",method="POST",status="201"\} (\d+)$/m;
    expect(requests.exec(figures)?.[1]).toBe(String(orders));
    expect(figures).toMatch(/^perdure_cache_reads_total\{cache="cart",outcome="\w+",service="api"\} [1-9]/m);
    expect(figures).not.toMatch(ID);
    expect(figures).not.toContain(order.id);
  });

  /** Holds a table, so that what writes to it stands still until it is let go. */
  async function hold(table: string) {
    const client = new pg.Client({ connectionString: shop.databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    await client.query('begin');
    await client.query(`lock table ${table} in exclusive mode`);
    // not on the connection that holds: within a transaction what others do is looked at once
    const waiting = async (application: string): Promise<number> =>
      (
        await shop.rows(
          "select 1 from pg_stat_activity where datname = current_database() and application_name = ? and wait_event_type = 'Lock'",
          [application],
        )
      ).length;
    return { waiting, letGo: () => client.end() };
  }

  test('the worker, told to stop in the middle of a step, ends it, and another goes on with the flow', async () => {
    const visit = shop.visit('Ben');
    const { browser, shelf, me } = visit;
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    await browser.addToCart((await shelf.take(browser, data, 10)).variant.id, 1);
    const ledger = await hold('payment_ledger');
    // placed at once; the capture, in the background, cannot be written down
    const placed = await buy(browser, checkoutBody(me, 'pm_card_visa'));
    await until(
      'the capture',
      () => ledger.waiting('perdure-worker'),
      (n) => n > 0,
    );

    const stopped = shop.running.worker.stop();
    await ledger.letGo();
    await stopped;
    shop.running.worker = await shop.startWorker();
    const { checkout_id: checkoutId } = (await shop.orders()).find(({ id }) => id === placed.id) ?? { checkout_id: '' };
    await until(
      'the confirmation',
      async () => (await shop.orders()).find(({ id }) => id === placed.id)?.status,
      (status) => status === 'confirmed',
    );
    expect(await shop.moneyOf(checkoutId)).toEqual([{ captures: 1, net: placed.total.amount, held: 0 }]);
  }, 120_000);

  test('the API, told to stop with requests under way, answers all of them and takes no more', async () => {
    const { browser, shelf } = shop.visit('Cleo');
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    const { variant } = await shelf.take(browser, data, 10);
    const lines = await hold('cart_lines');
    const guest = createPerdureClient({ baseUrl: shop.origin });
    const body = { variant_id: variant.id, quantity: 1 };
    const answers = Array.from({ length: 8 }, () => guest.POST('/cart/items', { body }));
    await until(
      'the requests',
      () => lines.waiting('perdure-api'),
      (n) => n === answers.length,
    );

    const stopped = shop.running.api.stop();
    const isOpen = () =>
      fetch(`${shop.origin}/health/live`).then(
        () => true,
        () => false,
      );
    await until('the closed door', isOpen, (open) => !open);
    await lines.letGo();
    for (const { response, data } of await Promise.all(answers))
      expect([response.status, data?.lines.length]).toEqual([200, 1]);
    await stopped;
  });
});
