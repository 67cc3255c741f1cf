import { createOperatorsApp } from '../../../src/api/operators.js';
import { serve } from '../../../src/api/serve.js';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery } from '../../../src/infra/db/transact.js';
import { createMetrics, type Metrics } from '../../../src/infra/prometheus/metrics.js';
import { openApp, type TestApp } from '../../support/app.js';
import { freshDatabase } from '../../support/database.js';

const TOKEN = 'a-token-of-operators';
const ID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}/;

/** The figure of a series; 0 where there is none. */
async function figure(metrics: Metrics, name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  const line = (await metrics.text())
    .split('\n')
    .find((each) => each.startsWith(`${name}{`) && wanted.every((label) => each.includes(label)));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('figures of requests', () => {
  let app: TestApp;
  let metrics: Metrics;
  beforeAll(async () => {
    metrics = createMetrics({ service: 'api' });
    app = await openApp({ watch: [metrics.watchRequest], metrics: { source: metrics, token: TOKEN } });
  });
  afterAll(() => app.close());

  const count = (operation: string, method: string, status: number): Promise<number> =>
    figure(metrics, 'perdure_http_request_duration_seconds_count', { operation, method, status: String(status) });

  test('are kept by operation, method and status, with refusals', async () => {
    await app.call('GET', '/shipping-methods?country=DE');
    await app.call('GET', '/shipping-methods?country=germany');
    await app.call('GET', '/orders/01a224c0-1b3e-7212-ba85-e325a4e10fa3');
    expect(await count('listShippingMethods', 'GET', 200)).toBe(1);
    expect(await count('listShippingMethods', 'GET', 400)).toBe(1);
    expect(await count('readOrder', 'GET', 404)).toBe(1);
  });

  test('of addresses and methods that nobody knows are one series, whatever was sent', async () => {
    for (const path of ['/a', '/b/ada@example.com', '/c?token=secret']) await app.call('GET', path);
    await fetch(`${app.origin}/api/v1/cart`, { method: 'PROPFIND' });
    expect(await count('unknown', 'GET', 404)).toBe(3);
    expect(await count('unknown', 'other', 405)).toBe(1);
    expect(await metrics.text()).not.toMatch(/ada@|secret|PROPFIND/);
  });

  test('hold no ids', async () => {
    expect(await metrics.text()).not.toMatch(ID);
  });

  test('are told to who sends the token, and to nobody else', async () => {
    const ask = (authorization?: string) =>
      fetch(`${app.origin}/metrics`, authorization === undefined ? {} : { headers: { Authorization: authorization } });
    for (const wrong of [undefined, 'Bearer', `Bearer ${TOKEN}x`, `Basic ${TOKEN}`]) {
      const refused = await ask(wrong);
      expect([wrong, refused.status, refused.headers.get('WWW-Authenticate')]).toEqual([wrong, 401, 'Bearer']);
      expect(await refused.text()).not.toContain('perdure_http');
    }
    const told = await ask(`Bearer ${TOKEN}`);
    expect([told.status, told.headers.get('Content-Type')?.split(';')[0]]).toEqual([200, 'text/plain']);
    const text = await told.text();
    for (const name of ['perdure_http_request_duration_seconds_bucket', 'nodejs_eventloop_lag', 'process_cpu'])
      expect(text).toContain(name);
  });

  test('are not there where no token is set', async () => {
    const other = await openApp();
    expect((await fetch(`${other.origin}/metrics`, { headers: { Authorization: 'Bearer ' } })).status).toBe(404);
    await other.close();
  });
});

test('figures of statements are kept by their first word and their outcome, and those of the pool', async () => {
  const metrics = createMetrics({ service: 'worker' });
  const database = await freshDatabase();
  const orm = createOrm({ url: database.url, poolMax: 2, watches: [metrics.watchDatabase] });
  const query = createQuery(orm);
  await query((em) => em.execute('select ?::text', ['ada@example.com']));
  await expect(query((em) => em.execute('select * from no_such_table'))).rejects.toThrow('no_such_table');
  await query((em) => em.transactional((inner) => inner.execute("update users set tier = 'gold' where false")));
  const seen = (statement: string, outcome: string) =>
    figure(metrics, 'perdure_sql_statement_duration_seconds_count', { statement, outcome });
  expect(await seen('select', 'ok')).toBeGreaterThanOrEqual(1);
  expect(await seen('select', 'failed')).toBe(1);
  expect([await seen('begin', 'ok'), await seen('update', 'ok'), await seen('commit', 'ok')]).toEqual([1, 1, 1]);
  expect(await figure(metrics, 'perdure_sql_pool_connections', { state: 'idle' })).toBeGreaterThanOrEqual(1);
  expect(await metrics.text()).not.toMatch(/ada@|no_such_table/);
  await orm.close(true);
  await database.drop();
});

test('figures of a cache tell its hits from its misses', async () => {
  const metrics = createMetrics({ service: 'api' });
  const held = new Map([['kept', 'value']]);
  const cache = metrics.countHits('cart', { read: async (key: string) => held.get(key) ?? null });
  expect([await cache.read('kept'), await cache.read('kept'), await cache.read('lost')]).toEqual([
    'value',
    'value',
    null,
  ]);
  const reads = (outcome: string) => figure(metrics, 'perdure_cache_reads_total', { cache: 'cart', outcome });
  expect([await reads('hit'), await reads('miss')]).toEqual([2, 1]);
});

test('figures of the outbox are left out while it cannot be read, and the others are told', async () => {
  const metrics = createMetrics({ service: 'worker', also: () => Promise.reject(new Error('away')) });
  let away = true;
  metrics.gaugeOutbox(async () => {
    if (away) throw new Error('away');
    return { waiting: 3, oldestSeconds: 1.5 };
  });
  expect(await metrics.text()).not.toContain('perdure_outbox_waiting{');
  away = false;
  expect(await figure(metrics, 'perdure_outbox_waiting')).toBe(3);
});

test('the port of operators tells health and figures, and nothing else', async () => {
  const app = await openApp();
  const { log, now } = app.deps;
  const probes = [{ name: 'postgresql', required: true, check: () => Promise.reject(new Error('down')) }];
  const metrics = createMetrics({ service: 'worker' });
  const port = await serve(createOperatorsApp({ metrics, probes, log, now }), { host: '127.0.0.1', port: 0, log });
  const ask = async (path: string) => (await fetch(`http://127.0.0.1:${port.port}${path}`)).status;
  expect([
    await ask('/health/live'),
    await ask('/health/ready'),
    await ask('/metrics'),
    await ask('/api/v1/cart'),
  ]).toEqual([200, 503, 200, 404]);
  await port.stop(1_000);
  await app.close();
});
