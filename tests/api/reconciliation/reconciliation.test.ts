import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type TestApp } from '../../support/app.js';
import { createReconciler, NOBODY } from '../../support/reconciliation.js';

interface Difference {
  readonly id: string;
  readonly state: string;
  readonly kind: string;
  readonly expected: Readonly<Record<string, number>>;
  readonly found: Readonly<Record<string, number>>;
  readonly decided_by: string | null;
}
interface Run {
  readonly id: string;
  readonly ended_at: string | null;
  readonly looked: object;
  readonly differences: object;
}
interface List<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
}

let app: TestApp;
let admin: { userId: string; headers: Record<string, string> };
let books: ReturnType<typeof createReconciler>;
beforeAll(async () => {
  app = await openApp();
  admin = await app.login({ roles: ['admin'] });
  books = createReconciler({ ...NOBODY, ...app.deps });
});
afterAll(() => app.close());

/** Stock that no movement accounts for; the report that shows it. */
async function different(): Promise<{ runId: string; difference: Difference; variantId: string }> {
  const { variantId } = await app.shop.product({ stock: 3 });
  const runId = await books.run('stock');
  await books.activities.endReconciliation({ runId });
  const { data } = (await list(`reconciliation_id=${runId}&state=awaiting_approval`)).body;
  const [mine] = await books.about(variantId);
  const difference = data.find(({ id }) => id === mine?.id);
  if (difference === undefined) throw new Error('nothing was found');
  return { runId, difference, variantId };
}
const list = (query: string, headers = admin.headers) =>
  app.call<List<Difference>>('GET', `/admin/reconciliation-differences?${query}`, { headers });
const decide = <T = Difference>(
  verb: 'approve' | 'reject',
  { id, expected, found }: Difference,
  {
    key = newId(),
    headers = admin.headers,
    body = { expected, found },
  }: { readonly key?: string; readonly headers?: Record<string, string>; readonly body?: object } = {},
) =>
  app.call<T>('POST', `/admin/reconciliation-differences/${id}/${verb}`, {
    body,
    headers: { ...headers, 'Idempotency-Key': key },
  });

test('GET /admin/reconciliations lists runs with their counts, and each has its report', async () => {
  const first = await different();
  const second = await different();
  const page = await app.call<List<Run>>('GET', '/admin/reconciliations?limit=1', { headers: admin.headers });
  expect(page.body.data).toMatchObject([{ id: second.runId, ended_at: expect.any(String) }]);
  const rest = await app.call<List<Run>>('GET', `/admin/reconciliations?cursor=${page.body.next_cursor}`, {
    headers: admin.headers,
  });
  expect(rest.body.data.map(({ id }) => id)).toContain(first.runId);
  const report = await app.call<Run>('GET', `/admin/reconciliations/${second.runId}`, { headers: admin.headers });
  expect(report.body).toMatchObject({
    looked: { stock: expect.any(Number) },
    differences: { awaiting_approval: expect.any(Number) },
  });
});

test('POST …/approve notes who, has a flow mend it, and a repeat of its key does nothing more', async () => {
  const { difference } = await different();
  const key = newId();
  const [one, two] = [await decide('approve', difference, { key }), await decide('approve', difference, { key })];
  expect([one.status, one.body.state, one.body.decided_by]).toEqual([202, 'approved', admin.userId]);
  expect([two.status, two.headers.get('Idempotent-Replayed')]).toEqual([202, 'true']);
  const rows = await app.shop.rows<{ payload: object }>(
    `select payload from outbox where topic = 'reconciliation.approved' and key = ?`,
    [difference.id],
  );
  expect(rows).toEqual([{ payload: { differenceId: difference.id } }]);
  const audit = await app.shop.rows<{ actor_id: string; data: object }>(
    `select actor_id, data from audit_log where action = 'difference.approved' and object_id = ?`,
    [difference.id],
  );
  expect(audit).toMatchObject([{ actor_id: admin.userId, data: { kind: 'on_hand', expected: { movements: 3 } } }]);
});

test('POST …/approve of two persons at once, is taken once', async () => {
  const { difference } = await different();
  const answers = await Promise.all([decide('approve', difference), decide('reject', difference)]);
  expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([202, 409]);
});

test('POST …/approve with other figures than there are now, is 409 and changes nothing', async () => {
  const { difference, variantId } = await different();
  await app.shop.run('update stock_levels set on_hand = 9 where variant_id = ?', [variantId]);
  await books.run('stock');
  const refused = await decide<{ error: { code: string; data: object } }>('approve', difference);
  expect([refused.status, refused.body.error.code]).toEqual([409, 'conflict']);
  expect(refused.body.error.data).toMatchObject({ expected: { movements: 9 } });
  for (const body of [
    { expected: {}, found: {} },
    { expected: { movements: 9, more: 1 }, found: difference.found },
  ])
    expect((await decide('approve', difference, { body })).status).toBe(409);
  expect(await books.about(variantId)).toMatchObject([{ state: 'awaiting_approval' }]);
});

test('POST …/reject leaves it known; it can be approved no more while its figures stay', async () => {
  const { difference } = await different();
  expect((await decide('reject', difference)).body.state).toBe('rejected');
  expect((await list('state=rejected')).body.data.map(({ id }) => id)).toContain(difference.id);
  expect((await decide('approve', difference)).status).toBe(409);
});

test('without the permission nothing is shown or decided; unknown ids are 404', async () => {
  const { difference } = await different();
  const { headers } = await app.login();
  expect((await list('', headers)).status).toBe(403);
  expect((await decide('approve', difference, { headers })).status).toBe(403);
  expect((await decide('approve', { ...difference, id: newId() })).status).toBe(404);
  expect((await app.call('GET', `/admin/reconciliations/${newId()}`, { headers: admin.headers })).status).toBe(404);
});
