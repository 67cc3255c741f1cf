import { connect } from 'node:net';
import { z } from 'zod';
import { openApp, type ErrorBody, type TestApp } from '../../support/app.js';

const ORIGIN = 'https://shop.example';

let app: TestApp;
beforeAll(async () => {
  app = await openApp({
    config: {
      http: {
        host: '',
        port: 0,
        publicUrl: 'https://api.example',
        trustedProxies: 0,
        corsOrigins: [ORIGIN],
        rateLimits: false,
      },
    },
  });
});
afterAll(() => app.close());

const send = (path: string, init: RequestInit) => fetch(`${app.origin}${path}`, init);

const Envelope = z.strictObject({
  error: z.strictObject({
    code: z.string(),
    message: z.string().min(1),
    details: z.array(z.strictObject({ field: z.string(), message: z.string() })),
    data: z.record(z.string(), z.unknown()).optional(),
    request_id: z.string(),
    timestamp: z.iso.datetime(),
  }),
});

async function refusal(response: Response): Promise<{ status: number; error: ErrorBody['error'] }> {
  const body = Envelope.parse(await response.json());
  expect(body.error.request_id).toBe(response.headers.get('X-Request-Id'));
  return { status: response.status, error: body.error as ErrorBody['error'] };
}

const json = { 'Content-Type': 'application/json' };
const ITEMS = '/api/v1/cart/items';

describe('a request that is not valid', () => {
  test.each([
    ['an unknown address', '/api/v1/nothing', {}, 404, 'not_found'],
    ['an address outside the API', '/', {}, 404, 'not_found'],
    ['a method that the address does not know', '/api/v1/cart', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['a method that nobody knows', '/api/v1/cart', { method: 'PROPFIND' }, 405, 'method_not_allowed'],
    ['broken percent-encoding', '/api/v1/variants/%ZZ/price', {}, 400, 'bad_request'],
    ['a null byte in the address', '/api/v1/variants/%00/price', {}, 400, 'bad_request'],
    ['a null byte in the query', '/api/v1/shipping-methods?country=%00', {}, 400, 'bad_request'],
    ['a form', ITEMS, { method: 'POST', body: new URLSearchParams({ a: '1' }) }, 415, 'unsupported_media_type'],
    ['text', ITEMS, { method: 'POST', body: '{}' }, 415, 'unsupported_media_type'],
    [
      'a compressed body',
      ITEMS,
      { method: 'POST', body: '{}', headers: { ...json, 'Content-Encoding': 'gzip' } },
      415,
      'unsupported_media_type',
    ],
    [
      'another character set',
      ITEMS,
      { method: 'POST', body: '{}', headers: { 'Content-Type': 'application/json; charset=latin1' } },
      415,
      'unsupported_media_type',
    ],
    ['half a JSON text', ITEMS, { method: 'POST', body: '{"a":', headers: json }, 400, 'bad_request'],
    [
      'bytes that are not UTF-8',
      ITEMS,
      { method: 'POST', body: Buffer.from([0x22, 0xff, 0x22]), headers: json },
      400,
      'bad_request',
    ],
    [
      'a null character',
      ITEMS,
      { method: 'POST', body: '{"variant_id":"\\u0000"}', headers: json },
      400,
      'bad_request',
    ],
    [
      'half a surrogate pair',
      ITEMS,
      { method: 'POST', body: '{"variant_id":"\\ud800"}', headers: json },
      400,
      'bad_request',
    ],
    [
      'a key that changes prototypes',
      ITEMS,
      { method: 'POST', body: '{"__proto__":{"admin":true}}', headers: json },
      400,
      'bad_request',
    ],
    [
      'nesting without end',
      ITEMS,
      { method: 'POST', body: '['.repeat(50) + ']'.repeat(50), headers: json },
      400,
      'bad_request',
    ],
    [
      'very deep nesting',
      ITEMS,
      { method: 'POST', body: '['.repeat(400_000) + ']'.repeat(400_000), headers: json },
      400,
      'bad_request',
    ],
    ['a list where an object belongs', ITEMS, { method: 'POST', body: '[]', headers: json }, 400, 'validation_failed'],
    [
      'a body of more than 1 MiB',
      ITEMS,
      { method: 'POST', body: JSON.stringify({ a: 'x'.repeat(1_048_577) }), headers: json },
      413,
      'payload_too_large',
    ],
  ] as const)('with %s, is answered in the envelope', async (_, path, init, status, code) => {
    const refused = await refusal(await send(path, init));
    expect([refused.status, refused.error.code]).toEqual([status, code]);
  });

  test('with a body of more than 1 MiB of unknown length, is refused too', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let part = 0; part < 20; part += 1) controller.enqueue(new Uint8Array(65_536).fill(32));
        controller.close();
      },
    });
    const init = { method: 'POST', body, headers: json, duplex: 'half' } as RequestInit;
    expect(await refusal(await send(ITEMS, init))).toMatchObject({ status: 413 });
  });

  test('in several fields, names all of them, missing and unknown ones', async () => {
    const { error } = await refusal(
      await send(ITEMS, { method: 'POST', headers: json, body: '{"quantity":0,"colour":"red"}' }),
    );
    expect(error.code).toBe('validation_failed');
    expect(error.details.map(({ field }) => field).sort()).toEqual(['colour', 'quantity', 'variant_id']);
  });

  test('without any body, names what is missing', async () => {
    const { error } = await refusal(await send(ITEMS, { method: 'POST' }));
    expect(error.details).toEqual([{ field: 'variant_id', message: expect.any(String) as string }]);
  });

  test('with a malformed token, says how to log in', async () => {
    const response = await send('/api/v1/cart', { headers: { Authorization: 'Bearer nonsense' } });
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    expect(await refusal(response)).toMatchObject({ status: 401, error: { code: 'unauthenticated' } });
  });
});

test('a method that is not known here is answered with those that are', async () => {
  expect((await send('/api/v1/cart', { method: 'PUT' })).headers.get('Allow')).toBe('HEAD, GET, DELETE');
  const options = await send('/api/v1/cart', { method: 'OPTIONS' });
  expect([options.status, options.headers.get('Allow')]).toEqual([200, 'HEAD, GET, DELETE']);
});

test('a request id that is well-formed is kept, another one is replaced', async () => {
  const ids = await Promise.all(
    ['trace-12345678', 'short', 'x'.repeat(200)].map(async (id) =>
      (await send('/health/live', { headers: { 'X-Request-Id': id } })).headers.get('X-Request-Id'),
    ),
  );
  expect(ids[0]).toBe('trace-12345678');
  expect(ids[1]).toMatch(/^[0-9a-f-]{36}$/);
  expect(ids[2]).toMatch(/^[0-9a-f-]{36}$/);
});

test('every answer carries the security headers, refusals too', async () => {
  for (const path of ['/health/live', '/api/v1/nothing']) {
    const { headers } = await send(path, {});
    expect(Object.fromEntries(headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      'strict-transport-security': expect.stringContaining('max-age=') as string,
      'cache-control': 'no-store',
    });
    expect(headers.get('X-Powered-By')).toBeNull();
  }
});

describe('a browser', () => {
  const preflight = (origin: string) =>
    send(ITEMS, { method: 'OPTIONS', headers: { Origin: origin, 'Access-Control-Request-Method': 'POST' } });

  test('of a listed origin may call, with its headers, and read ours', async () => {
    const asked = await preflight(ORIGIN);
    expect(asked.status).toBe(204);
    expect(asked.headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    const sent = asked.headers.get('Access-Control-Allow-Headers')?.split(', ');
    expect(sent).toEqual(
      expect.arrayContaining(['X-Cart-Token', 'X-Order-Token', 'Idempotency-Key', 'If-Match', 'Last-Event-ID']),
    );
    const { headers } = await send('/api/v1/nothing', { headers: { Origin: ORIGIN } });
    expect(headers.get('Access-Control-Allow-Origin')).toBe(ORIGIN);
    expect(headers.get('Access-Control-Expose-Headers')).toContain('ETag');
    expect(headers.get('Vary')).toContain('Origin');
  });

  test('of any other origin gets no permission', async () => {
    for (const origin of ['https://evil.example', `${ORIGIN}.evil.example`, 'null']) {
      const { headers } = await preflight(origin);
      expect(headers.get('Access-Control-Allow-Origin')).toBeNull();
      expect(headers.get('Access-Control-Allow-Methods')).toBeNull();
    }
  });
});

test('the log has one line a request, with ids and without query, tokens or addresses', async () => {
  const { headers, userId } = await app.login();
  const id = `trace-${Date.now()}`;
  await send('/api/v1/shipping-methods?country=DE&token=very-secret', {
    headers: { ...headers, 'X-Request-Id': id, 'X-Cart-Token': 'secret-cart-token-secret' },
  });
  const lines = app.logged().filter((line) => line['request_id'] === id);
  expect(lines).toEqual([
    {
      timestamp: expect.any(String) as string,
      level: 'info',
      service: 'api',
      request_id: id,
      user_id: userId,
      message: 'request',
      context: {
        method: 'GET',
        path: '/api/v1/shipping-methods',
        status: 400,
        code: 'validation_failed',
        duration_ms: expect.any(Number) as number,
      },
    },
  ]);
  expect(JSON.stringify(app.logged())).not.toMatch(/very-secret|secret-cart-token|Bearer/);
});

test('a client that hangs up halfway through its body does no harm', async () => {
  const { port } = new URL(app.origin);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => {
      socket.write(
        `POST ${ITEMS} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"`,
        () => {
          socket.destroy();
          resolve();
        },
      );
    });
  });
  expect((await send('/health/live', {})).status).toBe(200);
});
