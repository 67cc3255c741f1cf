import { randomBytes } from 'node:crypto';
import { createChecks } from '../../dev/demo/checks.js';
import type { Schema } from '../../client/index.js';
import type { Browser } from '../../dev/demo/client.js';
import { connectOutside } from '../../dev/demo/outside.js';
import type { Order } from '../../dev/demo/shapes.js';
import { createShelf, createVisit, type Visit } from '../../dev/demo/visit.js';
import { freePort } from '../../dev/launcher/ports.js';
import { workerPolls } from '../../dev/launcher/worker-probe.js';
import { createStripeSimulator } from '../../dev/stripe/simulator.js';
import { auditInstance, auditLines } from '../../src/bin/audit-instance.js';
import { loadConfig } from '../../src/config.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { createLineSource } from '../../src/infra/files/line-source.js';
import { importInto, importLine, type TestLine } from './catalogue.js';
import { freshDatabase, type TestDatabase } from './database.js';
import { startProcess, type RunningChild } from './processes.js';
import { serviceUrl } from './services.js';
import { until } from './until.js';

export { until } from './until.js';

/** Long enough for what is quick, short enough to be waited for. */
const RESERVATION_MS = 5_000;
const STOCK = 50;
const LOWEST_PORT = 16_000;
/** The promises hold once all is at rest. */
const AUDIT = { settledForMs: 0, waitMs: 20_000 };

export interface OpenShopOptions {
  /** Migrated and empty; dropped with the shop. */
  readonly database?: TestDatabase;
  /** Where Temporal is, also for the audit; who is to find it elsewhere is told so by its environment. */
  readonly temporal?: string;
  readonly reservationMs?: number;
  /** Beside those that every shop has. */
  readonly products?: readonly TestLine[];
  readonly apiEnv?: OwnEnv;
  readonly workerEnv?: OwnEnv;
}

type Env = Readonly<Record<string, string>>;
/** What a process has otherwise; it may depend on what all have. */
type OwnEnv = Env | ((shared: Env) => Env);
const ownEnv = (shared: Env, own: OwnEnv): Env => ({ ...shared, ...(typeof own === 'function' ? own(shared) : own) });

interface BuyOptions {
  readonly withinMs?: number | undefined;
  /** What is asked again for: 202, under way, and where a service is away also 503. */
  readonly again?: readonly number[];
}

async function checkOut(browser: Browser, body: Schema<'CheckoutRequest'>, again: readonly number[]) {
  const answer = await browser.call('POST', '/checkout', { body });
  if (answer.status !== 201 && !again.includes(answer.status))
    throw new Error(`POST /checkout was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer;
}

/** The order of the cart, paid at once. Busy machines answer with the checkout first; a repeat joins it. */
export async function buy(
  browser: Browser,
  body: Schema<'CheckoutRequest'>,
  { withinMs, again = [202] }: BuyOptions = {},
): Promise<Order> {
  const { body: order } = await until(
    'the order',
    () => checkOut(browser, body, again),
    (answer): answer is Extract<typeof answer, { status: 201 }> => answer.status === 201,
    withinMs,
  );
  return order;
}

/** The checkout of the cart, once the bank asks its customer; busy machines answer with it before. */
export async function challenge(
  browser: Browser,
  body: Schema<'CheckoutRequest'>,
): Promise<{ readonly checkoutId: string; readonly intentId: string }> {
  const { body: checkout } = await until(
    'the challenge',
    () => checkOut(browser, body, [202]),
    (answer): answer is Extract<typeof answer, { status: 202 }> =>
      answer.status === 202 && answer.body.client_secret !== undefined,
  );
  const [intentId = ''] = checkout.client_secret?.split('_secret_') ?? [];
  return { checkoutId: checkout.checkout_id, intentId };
}

/** Registers the visitor as one of the staff and logs them in. @returns an access token, for calls beside their browser's */
export async function hire(
  { rows }: Pick<OpenShop, 'rows'>,
  { browser, me }: Visit,
  role: 'staff' | 'admin',
): Promise<string> {
  const { id } = await browser.register(me);
  await rows('insert into user_roles (user_id, role) values (?, ?) returning role', [id, role]);
  await browser.logIn(me);
  const { email, password } = me;
  return (await browser.ask(200, 'POST', '/auth/login', { body: { email, password } })).access_token;
}

/** Real processes: the API and a worker, on a database, a queue and a payment provider of their own. */
export async function openShop({
  database: given,
  temporal = serviceUrl('temporal'),
  reservationMs = RESERVATION_MS,
  products = [],
  apiEnv = {},
  workerEnv = {},
}: OpenShopOptions = {}) {
  const database = given ?? (await freshDatabase());
  let orm = createOrm({ url: database.url, poolMax: 4 });
  await importInto({ query: createQuery(orm), transact: createTransact(orm), source: createLineSource() }, [
    ...catalogue(),
    ...products,
  ]);

  const own = randomBytes(6).toString('hex');
  const port = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 500, new Set());
  const origin = `http://127.0.0.1:${port}`;
  const secrets = { secretKey: `sk_test_${own}`, webhookSecret: `whsec_${own}` };
  const stripe = createStripeSimulator({
    secretKey: secrets.secretKey,
    webhook: { url: `${origin}/api/v1/webhooks/stripe`, secrets: [secrets.webhookSecret] },
  });
  const stripeUrl = await stripe.listen();
  const env = {
    NODE_ENV: 'test',
    LOG_LEVEL: 'warn',
    PORT: String(port),
    PUBLIC_URL: origin,
    DATABASE_URL: database.url,
    REDIS_URL: serviceUrl('redis'),
    REDIS_PREFIX: `e2e:${own}:`,
    // PostgreSQL answers searches: an index would outlive the test.
    ELASTICSEARCH_URL: '',
    TEMPORAL_ADDRESS: temporal,
    TEMPORAL_NAMESPACE: 'default',
    TEMPORAL_TASK_QUEUE: `e2e-${own}`,
    STRIPE_API_URL: stripeUrl,
    STRIPE_LEDGER_URL: stripeUrl,
    STRIPE_SECRET_KEY: secrets.secretKey,
    STRIPE_WEBHOOK_SECRET: secrets.webhookSecret,
    CHECKOUT_RESERVATION_MS: String(reservationMs),
    RATE_LIMITS: 'off',
  };

  const startApi = (at = port): Promise<RunningChild> =>
    startProcess({
      file: 'src/bin/api.ts',
      env: ownEnv({ ...env, PORT: String(at) }, apiEnv),
      ready: async () =>
        (await fetch(`http://127.0.0.1:${at}/health/ready`, { signal: AbortSignal.timeout(2_000) })).ok,
    });
  const startWorker = (more = workerEnv): Promise<RunningChild> => {
    const since = new Date();
    return startProcess({
      file: 'src/bin/worker.ts',
      env: ownEnv(env, more),
      ready: () => workerPolls(env, since),
    });
  };

  const outside = await connectOutside({ ...process.env, ...env });
  const shelf = createShelf();
  const running = { api: await startApi(), worker: await startWorker() };
  const others: RunningChild[] = [];

  const rows = <T extends object>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
    createQuery(orm)((em) => em.execute<T[]>(sql, [...params]));

  return {
    origin,
    taskQueue: env.TEMPORAL_TASK_QUEUE,
    secrets,
    stripe,
    stripeUrl,
    outside,
    running,
    startApi: () => startApi(),
    startWorker,
    rows,
    databaseUrl: database.url,

    /** What programs of this shop run with. */
    env: (): Readonly<Record<string, string>> => ({ ...env }),

    /** Whatever is started from now on finds these services, as after a restore; its payment provider stays. */
    async moveTo(services: Partial<typeof env>): Promise<void> {
      Object.assign(env, services);
      await orm.close(true);
      orm = createOrm({ url: env.DATABASE_URL, poolMax: 4 });
    },

    /** Another API process of this shop, which ends with it. @returns its origin */
    async openSecondApi(): Promise<string> {
      const at = await freePort(port + 1, new Set());
      others.push(await startApi(at));
      return `http://127.0.0.1:${at}`;
    },

    visit: (name: string): Visit =>
      createVisit(name, { origin, shelf, outside, check: createChecks(), say: () => undefined, show: () => undefined }),

    /** Asks the payment provider's simulator to do something. */
    async simulate(path: string, body: unknown): Promise<void> {
      const response = await fetch(`${stripeUrl}${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    },

    /** How many of the provider's events are still on their way. */
    async undelivered(): Promise<number> {
      const response = await fetch(`${stripeUrl}/test/webhooks`);
      const { deliveries } = (await response.json()) as { deliveries: { state: string }[] };
      return deliveries.filter(({ state }) => state !== 'delivered').length;
    },

    /** Captures and what is left of them, one for each payment of a checkout. */
    moneyOf: async (checkoutId: string): Promise<{ captures: number; net: number; held: number }[]> =>
      (await outside.paymentsOf(checkoutId)).map(({ captures, net, held }) => ({ captures, net, held })),

    orders: (): Promise<{ id: string; checkout_id: string; status: string; total: number }[]> =>
      rows('select id, checkout_id, status, total_amount as total from orders order by placed_at'),

    /** What is reserved and by what, where the two differ. */
    stockOutOfBalance: (): Promise<object[]> =>
      rows(`select l.variant_id, l.reserved, coalesce(sum(r.quantity), 0)::int as live
              from stock_levels l left join reservations r on r.variant_id = l.variant_id and r.state = 'live'
             group by l.variant_id, l.reserved having l.reserved <> coalesce(sum(r.quantity), 0)`),

    /** @throws when a promise was broken, with the rows, payments and flows to look at */
    async close(): Promise<void> {
      const results = await auditInstance(loadConfig({ ...process.env, ...env }), AUDIT).catch(
        (error: unknown) => error,
      );
      await Promise.all([running.api, running.worker, ...others].map((child) => child.stop()));
      await Promise.all([outside.close(), stripe.close()]);
      await orm.close(true);
      await database.drop();
      if (!Array.isArray(results)) throw results;
      if (results.some(({ breached }) => breached > 0)) throw new Error(auditLines(results).join('\n'));
    },
  };
}

export type OpenShop = Awaited<ReturnType<typeof openShop>>;

function catalogue() {
  const line = (sku: string, title: string, leaf: string) =>
    importLine({ sku, title, category: ['Computers', leaf], price_cents: 1_999, stock: STOCK });
  return [
    ...['Black', 'White', 'Grey'].map((colour) => line(`KB-${colour}`, `Cherry keyboard ${colour}`, 'Keyboards')),
    ...Array.from({ length: 15 }, (_, i) => line(`CABLE-${i}`, `USB cable ${i + 1} m`, 'Cables')),
  ];
}
