import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createCatalogueActivities } from '../../../src/activities/catalogue.js';
import { createFlowActivities } from '../../../src/activities/flows.js';
import { readPiece } from '../../../src/domain/catalogue/index.js';
import { PIECE_BYTES, type ImportProgress } from '../../../src/domain/catalogue/types.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createLineSource } from '../../../src/infra/files/line-source.js';
import { openApp, type ErrorBody, type TestApp } from '../../support/app.js';
import { importLine } from '../../support/catalogue.js';

interface ImportBody {
  readonly id: string;
  readonly status: string;
  readonly [field: string]: unknown;
}

const LARGEST = 3 * PIECE_BYTES;
let app: TestApp;
let admin: { userId: string; headers: Record<string, string> };
beforeAll(async () => {
  app = await openApp({ largestUpload: LARGEST });
  admin = await app.login({ roles: ['admin'] });
});
afterAll(() => app.close());

const ndjson = (...lines: object[]): string => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
const lines = (count: number, prefix: string, change: object = {}): object[] =>
  Array.from({ length: count }, (_, index) => importLine({ sku: `${prefix}-${index}`, ...change }));

async function send(
  body: string | Buffer,
  { query = '', headers = {} }: { query?: string; headers?: Record<string, string> } = {},
): Promise<{ status: number; headers: Headers; body: ImportBody & ErrorBody }> {
  const response = await fetch(`${app.origin}/api/v1/admin/imports${query}`, {
    method: 'POST',
    headers: { ...admin.headers, 'Content-Type': 'application/x-ndjson', ...headers },
    body: new Uint8Array(Buffer.from(body)),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as ImportBody & ErrorBody,
  };
}

/** As a worker does, on another machine than the API's for all it knows. */
async function work(importId: string): Promise<ImportProgress> {
  const { importCatalogue } = createCatalogueActivities({
    ...app.deps,
    source: createLineSource((id, number) => app.deps.query((em) => readPiece(em, id, number))),
    currency: 'USD',
    sliceMs: 60_000,
  });
  return new MockActivityEnvironment().run<[string], ImportProgress, typeof importCatalogue>(importCatalogue, importId);
}
const get = async <T = ImportBody>(path: string): Promise<T> =>
  (await app.call<T>('GET', path, { headers: admin.headers })).body;
const pieces = () => app.shop.rows('select 1 from import_pieces');
const receiving = () => app.shop.rows(`select 1 from imports where status = 'receiving'`);

test('POST /admin/imports, by guests, customers, vendors and staff, is refused before its body is read', async () => {
  expect((await app.call('POST', '/admin/imports')).status).toBe(401);
  for (const roles of [['customer'], ['vendor'], ['staff']]) {
    const { headers } = await app.login({ roles });
    expect((await app.call('POST', '/admin/imports', { headers })).status).toBe(403);
  }
  expect(await receiving()).toEqual([]);
});

test('imports, to a vendor whose role may import, are refused, as they would change what belongs to others', async () => {
  const { body } = await send(ndjson(importLine({ sku: 'OURS' })));
  await app.shop.run(`insert into role_permissions (role, permission) values ('vendor', 'imports:write')`, []);
  try {
    const { headers } = await app.login({ roles: ['vendor'] });
    for (const [method, path] of [
      ['POST', ''],
      ['GET', ''],
      ['GET', `/${body.id}`],
      ['GET', `/${body.id}/refusals`],
      ['POST', `/${body.id}/cancel`],
    ] as const)
      expect([path, (await app.call(method, `/admin/imports${path}`, { headers })).status]).toEqual([path, 403]);
    const both = await app.login({ roles: ['vendor', 'admin'] });
    expect((await app.call('GET', `/admin/imports/${body.id}`, { headers: both.headers })).status).toBe(200);
  } finally {
    await app.shop.run(`delete from role_permissions where role = 'vendor' and permission = 'imports:write'`, []);
  }
  expect(await receiving()).toEqual([]);
  await work(body.id);
});

test('POST /admin/imports takes a file of several pieces, has its flow started, and the worker imports it', async () => {
  const body = ndjson(...lines(40, 'BIG', { description: 'x'.repeat(30_000) }));
  expect(body.length).toBeGreaterThan(2 * PIECE_BYTES);
  const sent = await send(body, { query: '?name=spring.ndjson' });
  expect(sent.status).toBe(202);
  expect(sent.headers.get('location')).toBe(`/api/v1/admin/imports/${sent.body.id}`);
  expect(sent.body).toMatchObject({
    name: 'spring.ndjson',
    format: 'ndjson',
    status: 'accepted',
    bytes_total: body.length,
    started_by: admin.userId,
  });
  const messages = `select payload from outbox where topic = 'import.accepted' and key = ?`;
  expect(await app.shop.rows(messages, [sent.body.id])).toEqual([{ payload: { importId: sent.body.id } }]);
  expect(await pieces()).toHaveLength(3);

  await work(sent.body.id);
  expect(await get(`/admin/imports/${sent.body.id}`)).toMatchObject({
    status: 'completed',
    lines_read: 40,
    created: 40,
    bytes_read: body.length,
    finished_at: expect.any(String),
  });
  expect(await pieces()).toEqual([]);
  expect(
    await app.shop.rows(`select relname from pg_class where relname in ('products', 'variants') and reltuples < 40`),
  ).toEqual([]);
});

test.each([
  ['gzip', 'application/gzip', gzipSync(ndjson(importLine({ sku: 'PACKED' }))), 'ndjson'],
  ['CSV', 'text/csv', 'sku,title,category,price_cents,currency\nCOMMA,Comma,C,100,USD\n', 'csv'],
  [
    'packed CSV',
    'text/csv; charset=utf-8',
    gzipSync('sku,title,category,price_cents,currency\nBOTH,"Both,\nreally",C,100,USD\n'),
    'csv',
  ],
])('POST /admin/imports, given %s, imports it', async (_, type, body, format) => {
  const sent = await send(body, { headers: { 'Content-Type': type } });
  expect(sent.body).toMatchObject({ format, bytes_total: expect.any(Number) });
  expect(await work(sent.body.id)).toMatchObject({ status: 'completed', created: 1, refused: 0 });
});

test('GET /admin/imports/{id}/refusals tells line, field and reason, page by page', async () => {
  const { body } = await send(
    ndjson(importLine({ sku: 'OK' }), importLine({ sku: 'B', price_cents: -1, title: '' }), {}),
  );
  await work(body.id);
  expect(await get(`/admin/imports/${body.id}`)).toMatchObject({ status: 'completed', created: 1, refused: 2 });
  const seen: object[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const page: { data: object[]; next_cursor: string | null } = await get(
      `/admin/imports/${body.id}/refusals?limit=3${cursor === '' ? '' : `&cursor=${cursor}`}`,
    );
    seen.push(...page.data);
    cursor = page.next_cursor;
  }
  expect(seen.slice(0, 2)).toEqual([
    { line: 2, field: 'price_cents', reason: expect.any(String) },
    { line: 2, field: 'title', reason: 'must not be empty' },
  ]);
  expect(seen.slice(2).map((refusal) => (refusal as { line: number }).line)).toEqual([3, 3, 3, 3, 3]);
});

test('POST /admin/imports, with a key again, answers the first import; with another file, is 422', async () => {
  const headers = { 'Idempotency-Key': newId() };
  const file = ndjson(importLine({ sku: 'ONCE' }));
  const first = await send(file, { headers });
  const again = await send(file, { headers });
  expect([again.status, again.body.id]).toEqual([202, first.body.id]);
  expect([first.headers.get('idempotent-replayed'), again.headers.get('idempotent-replayed')]).toEqual([null, 'true']);
  const other = await send(`${file}\n`, { headers });
  expect([other.status, other.body.error.code]).toEqual([422, 'idempotency_mismatch']);
  expect(await receiving()).toEqual([]);
  expect(await app.shop.rows('select distinct import_id from import_pieces')).toEqual([{ import_id: first.body.id }]);
  await work(first.body.id);
});

test('POST /admin/imports, given nothing, too much, or a format that is none, refuses and keeps nothing', async () => {
  expect((await send('')).body.error.code).toBe('bad_request');
  const large = await send(Buffer.alloc(LARGEST + 1, 'x'));
  expect([large.status, large.body.error.code]).toEqual([413, 'payload_too_large']);
  expect((await send('x', { query: '?format=xml' })).body.error.details[0]?.field).toBe('format');
  expect([await receiving(), await pieces()]).toEqual([[], []]);
});

test('POST /admin/imports, when the client does not say how much comes and sends too much, refuses and keeps nothing', async () => {
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const sending = request(
      `${app.origin}/api/v1/admin/imports`,
      { method: 'POST', headers: { ...admin.headers, 'Transfer-Encoding': 'chunked' } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sending.on('error', reject);
    for (let sent = 0; sent <= LARGEST; sent += PIECE_BYTES) sending.write(Buffer.alloc(PIECE_BYTES, 'x'));
    sending.end();
  });
  expect(status).toBe(413);
  expect([await receiving(), await pieces()]).toEqual([[], []]);
});

test('POST /admin/imports, when the client goes away in the middle, keeps nothing', async () => {
  const sending = request(`${app.origin}/api/v1/admin/imports`, {
    method: 'POST',
    headers: { ...admin.headers, 'Content-Length': String(2 * PIECE_BYTES) },
  });
  sending.on('error', () => undefined);
  sending.write(Buffer.alloc(PIECE_BYTES + 10, 'x'));
  await eventually(async () => expect(await pieces()).toHaveLength(1));
  sending.destroy();
  await eventually(async () => expect([await receiving(), await pieces()]).toEqual([[], []]));
});

test('the sweep forgets uploads whose process died an hour ago with their pieces, a few at a time, and no others', async () => {
  const { body: accepted } = await send(ndjson(importLine({ sku: 'ALIVE' })));
  const young = newId();
  for (const [id, age] of [...Array.from({ length: 5 }, () => [newId(), '61 minutes']), [young, '59 minutes']]) {
    await app.shop.run(
      `insert into imports (id, source, uploaded, status, created_at) values (?, 'dead', true, 'receiving', now() - ?::interval)`,
      [id, age],
    );
    await app.shop.run(`insert into import_pieces (import_id, number, bytes) values (?, 0, 'x')`, [id]);
  }
  await app.shop.run(`update imports set created_at = now() - interval '2 days' where id = ?`, [accepted.id]);
  const { forgetIdempotencyKeys } = createFlowActivities({ transact: app.deps.transact, flows: app.deps.flows });
  await forgetIdempotencyKeys();
  expect(await receiving()).toHaveLength(2);
  await forgetIdempotencyKeys();
  expect(await app.shop.rows(`select id from imports where status = 'receiving'`)).toEqual([{ id: young }]);
  expect(await app.shop.rows('select import_id from import_pieces order by 1')).toEqual(
    [accepted.id, young].sort().map((id) => ({ import_id: id })),
  );
  await app.shop.run('delete from imports where id = ?', [young]);
  await work(accepted.id);
});

test('POST /admin/imports/{id}/cancel stops an import where it is, once, and drops its file', async () => {
  const { body } = await send(ndjson(...lines(3, 'STOP')));
  const cancel = () => app.call<ImportBody>('POST', `/admin/imports/${body.id}/cancel`, { headers: admin.headers });
  expect((await cancel()).body).toMatchObject({ status: 'cancelled', finished_at: expect.any(String) });
  expect((await cancel()).status).toBe(200);
  expect(await pieces()).toEqual([]);
  expect(await work(body.id)).toMatchObject({ status: 'cancelled', created: 0 });
  expect(
    await app.shop.rows('select action, actor_id from audit_log where object_id = ? order by id', [body.id]),
  ).toEqual([
    { action: 'import.requested', actor_id: admin.userId },
    { action: 'import.cancelled', actor_id: admin.userId },
  ]);
});

test('POST /admin/imports/{id}/cancel, when the import is over, is 409; when there is none, 404', async () => {
  const { body } = await send(ndjson(importLine({ sku: 'OVER' })));
  await work(body.id);
  const cancel = (id: string) => app.call('POST', `/admin/imports/${id}/cancel`, { headers: admin.headers });
  expect((await cancel(body.id)).body.error.code).toBe('invalid_transition');
  expect((await cancel(newId())).status).toBe(404);
});

test('GET /admin/imports lists them newest first, page by page', async () => {
  const path = (cursor: string | null) => `/admin/imports?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`;
  const first = await get<{ data: ImportBody[]; next_cursor: string | null }>(path(null));
  const second = await get<{ data: ImportBody[] }>(path(first.next_cursor));
  const ids = [...first.data, ...second.data].map((each) => each.id);
  expect(ids).toHaveLength(4);
  expect(ids).toEqual(ids.toSorted().toReversed());
});

async function eventually(check: () => Promise<void>): Promise<void> {
  for (const end = Date.now() + 20_000; ;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > end) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
