import { setTimeout as pause } from 'node:timers/promises';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery } from '../../../src/infra/db/transact.js';
import { openApp, type TestApp } from '../../support/app.js';

const apps: TestApp[] = [];
async function open(...change: Parameters<typeof openApp>): Promise<TestApp> {
  const app = await openApp(...change);
  apps.push(app);
  return app;
}
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const SHIPPING = '/shipping-methods?country=DE';

test('a bug answers 500 and tells nothing but the request id; the log tells where', async () => {
  const app = await open({
    query: () => Promise.reject(new TypeError("cannot read 'password' of ada@example.com")),
  });
  const { status, body } = await app.call('GET', SHIPPING);
  expect([status, body.error.code, body.error.message]).toEqual([500, 'internal', 'something went wrong on our side']);
  expect(JSON.stringify(body)).not.toContain('password');
  const failed = app.logged().find((line) => line['message'] === 'request failed');
  expect(failed).toMatchObject({
    level: 'error',
    request_id: body.error.request_id,
    context: { error: { name: 'TypeError', frames: expect.any(Array) as string[] } },
  });
  expect(JSON.stringify(app.logged())).not.toContain('ada@');
});

test('a statement that PostgreSQL refuses answers 500, and its text is not logged', async () => {
  const app = await open();
  await app.shop.run('alter table shipping_methods rename to shipping_methods_gone', []);
  const { status } = await app.call('GET', SHIPPING);
  expect(status).toBe(500);
  const text = JSON.stringify(app.logged());
  expect(text).toContain('42P01');
  expect(text).not.toContain('select id, code');
});

test('a database that is away answers 503 with Retry-After', async () => {
  const orm = createOrm({ url: 'postgres://nobody@127.0.0.1:1/none' });
  const app = await open({ query: createQuery(orm) });
  const { status, body, headers } = await app.call('GET', SHIPPING);
  expect([status, body.error.code, headers.get('Retry-After')]).toEqual([503, 'temporarily_unavailable', '2']);
  await orm.close(true);
});

test('a request that takes too long answers 503, and what fails later is logged', async () => {
  const app = await open({
    requestTimeoutMs: 50,
    query: async () => {
      await pause(150);
      throw new Error('late');
    },
  });
  const { status, body } = await app.call('GET', SHIPPING);
  expect([status, body.error.code]).toEqual([503, 'request_timeout']);
  await pause(200);
  expect(app.logged().map((line) => line['message'])).toContain('request failed after it was given up');
});

test('readiness is 200 with all up, degraded without what is optional, 503 without what is required', async () => {
  const down = () => Promise.reject(new Error('down'));
  const up = () => Promise.resolve();
  const probes = (postgresql: () => Promise<void>, redis: () => Promise<void>) => [
    { name: 'postgresql', required: true, check: postgresql },
    { name: 'redis', required: false, check: redis },
  ];
  const answers = [];
  for (const each of [probes(up, up), probes(up, down), probes(down, up)]) {
    const app = await open({ probes: each });
    const { status, body, headers } = await app.call<unknown>('GET', '/health/ready');
    answers.push([status, headers.get('Retry-After'), body]);
  }
  expect(answers).toEqual([
    [200, null, { status: 'ready', checks: { postgresql: 'up', redis: 'up' } }],
    [200, null, { status: 'degraded', checks: { postgresql: 'up', redis: 'down' } }],
    [503, '2', { status: 'unavailable', checks: { postgresql: 'down', redis: 'up' } }],
  ]);
});

test('a server that stops lets the request in flight finish, says close, and takes no more', async () => {
  let begun = (): void => {};
  const inHandler = new Promise<void>((resolve) => {
    begun = resolve;
  });
  let finish = (): void => {};
  const gate = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const app = await open({
    probes: [{ name: 'slow', required: true, check: () => (begun(), gate) }],
  });
  const answer = app.call<{ status: string }>('GET', '/health/ready');
  await inHandler;
  const stopped = app.serving.stop();
  await expect(fetch(`${app.origin}/health/live`)).rejects.toThrow('fetch failed');
  finish();
  const { body, headers } = await answer;
  expect([body.status, headers.get('Connection')]).toEqual(['ready', 'close']);
  await stopped;
});

describe('rate limits', () => {
  const limited = {
    config: {
      http: { host: '', port: 0, publicUrl: 'http://x', trustedProxies: 1, corsOrigins: [], rateLimits: true },
    },
  };
  const from = (address: string) => ({
    headers: { 'X-Forwarded-For': address },
    body: { email: 'a@example.com', password: 'x' },
  });

  /** So many at once that no machine is slow enough for the minute to pass: 30 go through, and one for every two seconds. */
  const burst = async (app: TestApp, address: (n: number) => string) => {
    const since = performance.now();
    const tries = Array.from({ length: 45 }, (_, n) =>
      app.call('POST', '/auth/login', { ...from(address(n)), body: {} }),
    );
    const answers = await Promise.all(tries);
    const earned = Math.floor((performance.now() - since) / 2_000);
    const tried = answers.filter(({ status }) => status === 400).length;
    const refused = answers.filter(({ status }) => status === 429);
    expect(tried + refused.length).toBe(answers.length);
    expect(tried).toBeGreaterThanOrEqual(30);
    expect(tried).toBeLessThanOrEqual(30 + earned);
    return refused[0];
  };

  test('refuse the 31st try to log in within a minute from one address, with Retry-After, and not another address', async () => {
    const app = await open(limited);
    const refused = await burst(app, () => '203.0.113.1');
    expect([refused?.status, refused?.body.error.code]).toEqual([429, 'rate_limited']);
    expect(Number(refused?.headers.get('Retry-After'))).toBeGreaterThan(0);
    expect((await app.call('POST', '/auth/login', { ...from('203.0.113.2'), body: {} })).status).toBe(400);
  });

  test('cannot be dodged with an invented address in front of the trusted one', async () => {
    const app = await open(limited);
    const refused = await burst(app, (n) => `198.51.100.${n}, 203.0.113.9`);
    expect(refused?.status).toBe(429);
  });

  test('cannot be dodged with the many addresses of one IPv6 network', async () => {
    const app = await open(limited);
    const refused = await burst(app, (n) => `2001:db8:1:2::${n.toString(16)}`);
    expect(refused?.status).toBe(429);
    expect((await app.call('POST', '/auth/login', { ...from('2001:db8:1:3::1'), body: {} })).status).toBe(400);
  });

  test('do not count what a provider signs', async () => {
    const app = await open({
      ...limited,
      rateLimiter: { take: async () => 1_000, look: async () => 1_000, giveBack: () => Promise.resolve() },
    });
    expect((await app.call('GET', '/cart')).status).toBe(429);
    // No provider is set up here.
    expect((await app.call('POST', '/webhooks/stripe')).status).toBe(404);
  });

  test('while Redis is away, still guard what is strict, let the rest through and say so once', async () => {
    const app = await open(limited);
    app.redis.disconnect();
    const tries = (address: string) => app.call('POST', '/auth/login', { ...from(address), body: {} });
    const refused = await burst(app, () => '203.0.113.3');
    expect(refused?.status).toBe(429);
    expect((await tries('203.0.113.4')).status).toBe(400);
    expect((await app.call('GET', '/shipping-methods?country=US', {})).status).toBe(200);
    expect(
      app.logged().filter((line) => String(line['message']).startsWith('rate limits are not shared')),
    ).toHaveLength(1);
  });
});
