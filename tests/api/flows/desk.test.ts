import { DomainError } from '../../../src/domain/kernel/errors.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import type { Command, FlowDesk, FlowFilter, FlowView } from '../../../src/workflows/contracts.js';
import { openApp, type TestApp } from '../../support/app.js';

const view: FlowView = {
  workflowId: 'checkout-1',
  runId: newId(),
  type: 'checkout',
  status: 'running',
  summary: 'Buy a cart',
  needsAttention: true,
  details: '**Needs attention**',
  orderId: newId(),
  customerId: null,
  startedAt: '2026-11-29T00:00:00.000Z',
  closedAt: null,
  url: null,
};

let app: TestApp;
let admin: Awaited<ReturnType<TestApp['login']>>;
let filters: FlowFilter[] = [];
let commands: (Command & { workflowId: string; step?: string | null | undefined })[] = [];
let fails: DomainError | null = null;

async function answers<T>(answer: T): Promise<T> {
  if (fails !== null) throw fails;
  return answer;
}
const flowDesk: FlowDesk = {
  list: (filter) => {
    filters.push(filter);
    return answers({ data: [view], nextCursor: 'more' });
  },
  retry: (workflowId, command) => {
    commands.push({ workflowId, ...command });
    return answers(['Capture the payment']);
  },
  cancel: (workflowId, command) => {
    commands.push({ workflowId, ...command });
    return answers(undefined);
  },
};

beforeAll(async () => {
  app = await openApp({ flowDesk });
  admin = await app.login({ roles: ['admin'] });
});
beforeEach(() => {
  filters = [];
  commands = [];
  fails = null;
});
afterAll(() => app.close());

const list = (query = '', headers: Record<string, string> = admin.headers) =>
  app.call<{ data: object[]; next_cursor: string | null }>('GET', `/admin/flows${query}`, { headers });
const command = (path: string, body: object, headers: Record<string, string> = {}) =>
  app.call('POST', `/admin/flows/${path}`, { body, headers: { ...admin.headers, ...headers } });

test('GET /admin/flows, without a filter, lists what runs', async () => {
  const { status, body } = await list();
  expect(status).toBe(200);
  expect(body.data[0]).toMatchObject({ workflow_id: 'checkout-1', needs_attention: true, summary: 'Buy a cart' });
  expect(body.next_cursor).toBe('more');
  expect(filters).toEqual([{ status: 'running', needsAttention: null, type: null, orderId: null, limit: 20 }]);
});

test('GET /admin/flows hands every filter on', async () => {
  const orderId = newId();
  await list(`?status=any&needs_attention=false&type=notify&order_id=${orderId}&limit=3&cursor=abc`);
  expect(filters).toEqual([{ status: null, needsAttention: false, type: 'notify', orderId, limit: 3, cursor: 'abc' }]);
});

test.each([
  "type=x'%20OR%20'1'='1",
  "order_id=1'--",
  'status=Running',
  'needs_attention=maybe',
  'limit=51',
  'limit=0',
  'query=x',
])('GET /admin/flows?%s is 400, and Temporal is not asked', async (query) => {
  expect((await list(`?${query}`)).status).toBe(400);
  expect(filters).toEqual([]);
});

test('POST /admin/flows/{id}/retry says who, why and which step; repeated with its key it is the same command', async () => {
  const body = { reason: 'cause_mended', step: 'Capture the payment' };
  const key = { 'Idempotency-Key': newId() };
  const first = await command('checkout-1/retry', body, key);
  const again = await command('checkout-1/retry', body, key);
  await command('checkout-1/retry', body);
  expect([first.status, first.body]).toEqual([200, { steps: ['Capture the payment'] }]);
  expect(again.headers.get('Idempotent-Replayed')).toBe('true');
  expect(commands[0]).toEqual({ workflowId: 'checkout-1', by: admin.userId, updateId: commands[0]?.updateId, ...body });
  expect(commands[1]).toEqual(commands[0]);
  expect(commands[2]?.updateId).not.toBe(commands[0]?.updateId);
});

test('POST /admin/flows/{id}/cancel is accepted with who and why', async () => {
  const { status, body } = await command('checkout-1/cancel', { reason: 'fraud_suspected' });
  expect([status, body]).toEqual([202, { workflow_id: 'checkout-1' }]);
  expect(commands).toEqual([
    { workflowId: 'checkout-1', by: admin.userId, reason: 'fraud_suspected', updateId: expect.any(String) },
  ]);
});

test.each(['not_found', 'invalid_transition'] as const)(
  'a command with a key, when the desk says %s, leaves the key free for another',
  async (code) => {
    const key = { 'Idempotency-Key': newId() };
    for (const path of ['checkout-1/retry', 'checkout-1/cancel']) {
      fails = new DomainError(code, 'no');
      const refused = await command(path, { reason: 'other' }, key);
      fails = null;
      expect(refused.status).toBe(code === 'not_found' ? 404 : 409);
    }
    const taken = await command('checkout-1/retry', { reason: 'cause_mended' }, key);
    expect([taken.status, taken.headers.get('Idempotent-Replayed')]).toEqual([200, null]);
  },
);

test('a command with a key, when Temporal does not answer, is the same command when it is repeated', async () => {
  const key = { 'Idempotency-Key': newId() };
  fails = new DomainError('temporarily_unavailable', 'no');
  await command('checkout-1/cancel', { reason: 'other' }, key);
  fails = null;
  expect((await command('checkout-1/cancel', { reason: 'other' }, key)).status).toBe(202);
  expect(commands[1]?.updateId).toBe(commands[0]?.updateId);
  expect((await command('checkout-1/cancel', { reason: 'cause_mended' }, key)).status).toBe(422);
});

test.each([{}, { reason: 'because I can' }, { reason: 'other', note: 'Ada called' }])(
  'a command with %j is 400, and no flow is told',
  async (body) => {
    for (const path of ['checkout-1/retry', 'checkout-1/cancel']) expect((await command(path, body)).status).toBe(400);
    expect(commands).toEqual([]);
  },
);

test.each([
  ['temporarily_unavailable', 503],
  ['not_found', 404],
  ['invalid_transition', 409],
] as const)('commands and the list, when the desk says %s, are %i', async (code, status) => {
  fails = new DomainError(code, 'no');
  const answers = [
    await list(),
    await command('checkout-1/retry', { reason: 'other' }),
    await command('checkout-1/cancel', { reason: 'other' }),
  ];
  for (const answer of answers.slice(code === 'temporarily_unavailable' ? 0 : 1)) {
    expect(answer.status).toBe(status);
    expect(answer.headers.get('Retry-After') === null).toBe(status !== 503);
  }
});

test('flows are seen by staff and commanded by administrators alone', async () => {
  const [staff, customer] = [await app.login({ roles: ['staff'] }), await app.login()];
  expect((await list('', staff.headers)).status).toBe(200);
  expect((await list('', customer.headers)).status).toBe(403);
  expect((await list('', {})).status).toBe(401);
  for (const { headers } of [staff, customer])
    expect((await command('checkout-1/cancel', { reason: 'other' }, headers)).status).toBe(403);
  expect(commands).toEqual([]);
});
