import type { Endpoint } from '../../../src/api/endpoint.js';
import { createEndpoints } from '../../../src/api/routes/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { createFingerprint } from '../../support/fingerprint.js';
import { BAD_IDS, BAD_TEXTS, BAD_VALUES, fieldsOf, pathWith, validBody, withField } from '../../support/bad-values.js';

const AT_ONCE = 8;
/** Hundreds of requests each, perhaps on a machine that does much else. */
const MANY_REQUESTS_MS = 240_000;

/** Over every endpoint there is: one that is added later is tried too. */
let app: TestApp;
let endpoints: Endpoint[];
let admin: Record<string, string>;
let customer: Record<string, string>;
let fingerprint: () => Promise<Record<string, string>>;

beforeAll(async () => {
  const down = (): never => {
    throw new Error('no flow is expected of what is refused');
  };
  app = await openApp({
    flows: { start: down, checkoutOutcome: down, signal: down, update: down, state: down },
  });
  endpoints = createEndpoints(app.deps);
  admin = (await app.login({ roles: ['admin'] })).headers;
  customer = (await app.login()).headers;
  fingerprint = createFingerprint(app.shop);
});
afterAll(() => app.close());

const callers = ({ access, idempotency }: Endpoint): Record<string, string> => ({
  ...(typeof access === 'object' ? admin : customer),
  ...(idempotency === undefined ? {} : { 'Idempotency-Key': newId() }),
});
const send = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
  const response = await fetch(`${app.origin}/api/v1${path}`, {
    method: method.toUpperCase(),
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
    signal: AbortSignal.timeout(20_000),
  });
  return { status: response.status, text: await response.text() };
};

/** Sends what an endpoint must refuse; answers what it did not refuse, or not by a 4xx. */
async function refused(
  requests: readonly { readonly what: string; readonly send: () => Promise<{ status: number; text: string }> }[],
  statuses: readonly number[] = [400],
): Promise<string[]> {
  const wrong: string[] = [];
  await inLots(requests, async (request) => {
    const { status, text } = await request.send();
    if (!statuses.includes(status)) wrong.push(`${request.what}: ${status} ${text.slice(0, 200)}`);
  });
  return wrong;
}

async function inLots<T>(all: readonly T[], each: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += AT_ONCE) await Promise.all(all.slice(at, at + AT_ONCE).map(each));
}

/** A few, beginning further on each time, so that all are used and none everywhere. */
let turn = 0;
function some<T>(all: readonly T[], most: number): T[] {
  turn += 1;
  return Array.from({ length: Math.min(most, all.length) }, (_, n) => all[(turn * most + n) % all.length] as T);
}

const withBody = () => endpoints.filter(({ body }) => body !== undefined);

test(
  'a field of the wrong kind, wherever it is sent, is refused and changes nothing',
  async () => {
    const before = await fingerprint();
    const requests = withBody().flatMap((endpoint) => {
      const { operationId, method, body: schema } = endpoint;
      if (schema === undefined) return [];
      const valid = validBody(schema);
      return fieldsOf(schema).flatMap((field) =>
        some(
          Object.entries(BAD_VALUES).filter(([, value]) => !schema.safeParse(withField(valid, field, value)).success),
          4,
        ).map(([what, value]) => ({
          what: `${operationId} ${field.join('.')} = ${what}`,
          send: () =>
            send(method, pathWith(endpoint), callers(endpoint), JSON.stringify(withField(valid, field, value))),
        })),
      );
    });
    expect(requests.length).toBeGreaterThan(200);
    expect(await refused(requests)).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

test(
  'an unknown field, wherever it is sent, is refused by its name',
  async () => {
    const before = await fingerprint();
    for (const endpoint of withBody()) {
      const body = { ...validBody(endpoint.body as NonNullable<typeof endpoint.body>), favourite_colour: 'red' };
      const { status, text } = await send(endpoint.method, pathWith(endpoint), callers(endpoint), JSON.stringify(body));
      expect([endpoint.operationId, status, text]).toEqual([
        endpoint.operationId,
        400,
        expect.stringContaining('"favourite_colour"'),
      ]);
    }
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

test.each([
  ['half a JSON text', '{"a":'],
  ['a list', '[]'],
  ['text', '"x"'],
  ['a number', '1e400'],
  ['null', 'null'],
  ['a null character', '{"a":"\\u0000"}'],
  ['a null character in a key', '{"\\u0000":1}'],
  ['half a surrogate pair', '{"a":"\\ud800"}'],
  ['a key that changes prototypes', '{"__proto__":{"admin":true}}'],
  ['another one', '{"constructor":{"prototype":{"admin":true}}}'],
  ['nesting beyond the limit', `{"a":${'['.repeat(40)}${']'.repeat(40)}}`],
  ['endless nesting', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
])(
  'a body with %s is refused everywhere and changes nothing',
  async (_, body) => {
    const before = await fingerprint();
    const requests = withBody().map((endpoint) => ({
      what: endpoint.operationId,
      send: () => send(endpoint.method, pathWith(endpoint), callers(endpoint), body),
    }));
    expect(await refused(requests)).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

test(
  'an id that is none, in every path, is refused or unknown, and changes nothing',
  async () => {
    const before = await fingerprint();
    const requests = endpoints
      .filter(({ path }) => path.includes(':'))
      .flatMap((endpoint) =>
        [...some(BAD_IDS, 5), newId()].map((id) => ({
          what: `${endpoint.operationId} ${id.slice(0, 40)}`,
          send: () =>
            send(
              endpoint.method,
              pathWith(endpoint, id),
              callers(endpoint),
              endpoint.body === undefined ? undefined : JSON.stringify(validBody(endpoint.body)),
            ),
        })),
      );
    expect(await refused(requests, [400, 404, 428])).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

describe('a query', () => {
  const named = (endpoint: Endpoint): string[] =>
    endpoint.query === undefined ? [] : fieldsOf(endpoint.query).map(([key = '']) => key);

  test(
    'with anything in any parameter is answered or refused, never a failure, and changes nothing',
    async () => {
      const before = await fingerprint();
      const failed: string[] = [];
      const asked = endpoints
        .filter(({ method }) => method === 'get')
        .flatMap((endpoint) =>
          named(endpoint).flatMap((name) => {
            const accepts = (text: string) => endpoint.query?.safeParse({ [name]: text }).success === true;
            const taken = BAD_TEXTS.filter(accepts).map((text) => ({ endpoint, name, text, accepted: true }));
            const others = BAD_TEXTS.filter((text) => !accepts(text));
            return [...taken, ...some(others, 4).map((text) => ({ endpoint, name, text, accepted: false }))];
          }),
        );
      await inLots(asked, async ({ endpoint, name, text, accepted }) => {
        const path = `${pathWith(endpoint)}?${new URLSearchParams({ [name]: text }).toString()}`;
        const { status } = await send('get', path, callers(endpoint));
        if (status >= 500 || (!accepted && status < 400)) failed.push(`${status} ${path.slice(0, 200)}`);
      });
      expect(failed).toEqual([]);
      expect(await fingerprint()).toEqual(before);
    },
    MANY_REQUESTS_MS,
  );

  test(
    'that names a parameter twice, or an unknown one, is refused by its name',
    async () => {
      const wrong: string[] = [];
      for (const endpoint of endpoints.filter(({ query }) => query !== undefined)) {
        const [name = ''] = named(endpoint);
        for (const [what, text] of [
          [name, `${name}=1&${name}=2`],
          ['favourite_colour', 'favourite_colour=red'],
        ] as const) {
          const answer = await send(endpoint.method, `${pathWith(endpoint)}?${text}`, callers(endpoint));
          if (answer.status !== 400 || !answer.text.includes(`"${what}"`))
            wrong.push(`${endpoint.operationId} ${text}: ${answer.status}`);
        }
      }
      expect(wrong).toEqual([]);
    },
    MANY_REQUESTS_MS,
  );

  test(
    'that asks for a page with a cursor of another list is refused or answered, never a failure',
    async () => {
      const failed: string[] = [];
      for (const endpoint of endpoints.filter((each) => named(each).includes('cursor')))
        for (const parts of [
          [newId()],
          [newId(), newId()],
          [1, newId()],
          ['2026-01-01', newId()],
          [null, 1, newId()],
        ]) {
          const cursor = Buffer.from(JSON.stringify(parts)).toString('base64url');
          const { status } = await send('get', `${pathWith(endpoint)}?cursor=${cursor}`, callers(endpoint));
          if (status >= 500) failed.push(`${endpoint.operationId} ${JSON.stringify(parts)}: ${status}`);
        }
      expect(failed).toEqual([]);
    },
    MANY_REQUESTS_MS,
  );
});

test.each([
  ['X-Cart-Token', ['x', "'; drop table carts; --", 'x'.repeat(200), 'stranger-stranger-stranger']],
  ['X-Order-Token', ['x', '0'.repeat(64), "' or 1=1 --"]],
  ['Authorization', ['Bearer x', 'Bearer a.b.c', 'Basic YTpi', `Bearer ${'x'.repeat(4_000)}`]],
  ['If-Match', ['x', '"-1"', '"1e3"', '"99999999999999999999"', '*, *']],
  ['Idempotency-Key', [' ', 'x'.repeat(256), 'a b', 'ünïcode']],
  ['Last-Event-ID', ['-1', '1e309', 'x', '99999999999999999999']],
] as const)(
  'any %s, everywhere, is never a failure and changes nothing',
  async (header, values) => {
    const before = await fingerprint();
    const failed: string[] = [];
    const credentials = header === 'Authorization' || header.endsWith('-Token');
    // what needs nothing but a session would be done
    const tried = endpoints.filter(({ method, body }) => credentials || method === 'get' || body !== undefined);
    const asked = tried.flatMap((endpoint) => some(values, 2).map((value) => ({ endpoint, value })));
    await inLots(asked, async ({ endpoint, value }) => {
      const own = credentials ? {} : callers(endpoint);
      const body = endpoint.body === undefined ? undefined : '{"no":"such field"}';
      const headers = { ...own, [header]: Buffer.from(value).toString('latin1') };
      const { status, text } = await send(endpoint.method, pathWith(endpoint), headers, body);
      if (status >= 500) failed.push(`${endpoint.operationId} ${value.slice(0, 30)}: ${status} ${text.slice(0, 200)}`);
    });
    expect(failed).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);

test(
  'a call that asks for a permission is refused to guests and to customers, and changes nothing',
  async () => {
    const before = await fingerprint();
    const wrong: string[] = [];
    for (const endpoint of endpoints.filter(({ access }) => typeof access === 'object')) {
      const body = endpoint.body === undefined ? undefined : JSON.stringify(validBody(endpoint.body));
      const path = pathWith(endpoint);
      const statuses = [
        (await send(endpoint.method, path, {}, body)).status,
        (await send(endpoint.method, path, customer, body)).status,
      ];
      if (statuses[0] !== 401 || ![403, 404].includes(statuses[1] ?? 0))
        wrong.push(`${endpoint.operationId}: ${statuses.join(', ')}`);
    }
    expect(wrong).toEqual([]);
    expect(await fingerprint()).toEqual(before);
  },
  MANY_REQUESTS_MS,
);
