import { DomainError } from '../../../src/domain/kernel/errors.js';
import type { OutboxMessage } from '../../../src/domain/outbox/index.js';
import { createOutboxRelay } from '../../../src/infra/temporal/outbox-relay.js';

type Started = { flow: string; workflowId: string; input: unknown };

function relayOver(
  messages: OutboxMessage[],
  start: (started: Started) => Promise<void> = async () => undefined,
  running: readonly string[] = [],
) {
  const started: Started[] = [];
  const published: number[] = [];
  const errors: string[] = [];
  const signals: string[] = [];
  const relay = createOutboxRelay({
    outbox: {
      waiting: async (limit) => messages.filter(({ id }) => !published.includes(id)).slice(0, limit),
      markPublished: async (ids) => void published.push(...ids),
      lag: async () => ({ waiting: 0, oldestSeconds: 0 }),
      sweep: async () => 0,
    },
    flows: {
      start: async (flow: string, workflowId: string, input: unknown) => {
        await start({ flow, workflowId, input });
        started.push({ flow, workflowId, input });
      },
      signal: async (workflowId: string, signal: string) => {
        signals.push(`${workflowId} ${signal}`);
        return running.includes(workflowId);
      },
    },
    log: {
      warn: (_, message) => void errors.push(`warn ${message}`),
      error: (_, message) => void errors.push(`error ${message}`),
    },
  });
  return { relay, started, signals, published, errors };
}

const search = (id: number, ...product_ids: string[]): OutboxMessage => ({
  id,
  topic: 'search.products',
  payload: { product_ids },
});
const confirm = (id: number, confirmationId: string): OutboxMessage => ({
  id,
  topic: 'user.registered',
  payload: { confirmationId },
});

test('the relay, given messages of several topics, starts one flow for each confirmation and one for all products', async () => {
  const { relay, started, published } = relayOver([search(3, 'b', 'a'), confirm(5, 'c1'), search(8, 'a', 'd')]);
  await expect(relay.once()).resolves.toEqual({ published: 3, left: 0 });
  expect(started).toEqual([
    { flow: 'confirmEmail', workflowId: 'confirm-email-c1', input: { confirmationId: 'c1' } },
    {
      flow: 'searchIndex',
      workflowId: expect.stringMatching(/^search-index-8-[0-9a-f]{16}$/),
      input: { productIds: ['a', 'b', 'd'] },
    },
  ]);
  expect([...published].sort((a, b) => a - b)).toEqual([3, 5, 8]);
});

test('the relay, given an accepted import, starts its flow', async () => {
  const { relay, started } = relayOver([{ id: 1, topic: 'import.accepted', payload: { importId: 'i1' } }]);
  await expect(relay.once()).resolves.toEqual({ published: 1, left: 0 });
  expect(started).toEqual([{ flow: 'catalogueImport', workflowId: 'catalogue-import-i1', input: { importId: 'i1' } }]);
});

test('the relay, when a message becomes visible between two starts of a batch, does not take the later flow for the earlier', async () => {
  const first = relayOver([search(5, 'a'), search(9, 'b')]);
  const second = relayOver([search(5, 'a'), search(6, 'late'), search(9, 'b')]);
  await first.relay.once();
  await second.relay.once();
  expect(second.started[0]?.workflowId).not.toBe(first.started[0]?.workflowId);
});

test('the relay, when the same batch is relayed twice, uses the same ids', async () => {
  const messages = [search(5, 'a', 'b'), search(9, 'c')];
  const [first, second] = [relayOver(messages), relayOver(messages)];
  await Promise.all([first.relay.once(), second.relay.once()]);
  expect(second.started).toEqual(first.started);
});

test('the relay, given more products than a flow takes, starts several and publishes the message with the last', async () => {
  const many = Array.from({ length: 501 }, (_, index) => `p${index}`);
  let calls = 0;
  const halfway = relayOver([search(1, ...many)], async () => {
    calls += 1;
    if (calls === 2) throw new Error('refused');
  });
  await expect(halfway.relay.once()).resolves.toEqual({ published: 0, left: 1 });
  await expect(halfway.relay.once()).resolves.toEqual({ published: 1, left: 0 });
});

test('the relay, when Temporal is away, publishes nothing and leaves everything where it is', async () => {
  const { relay, published, errors } = relayOver([confirm(1, 'c1'), search(2, 'a')], async () => {
    throw new DomainError('temporarily_unavailable', 'Temporal does not answer');
  });
  await expect(relay.once()).resolves.toEqual({ published: 0, left: 2 });
  expect(published).toEqual([]);
  expect(errors.every((line) => line.startsWith('warn'))).toBe(true);
});

test('the relay, when one flow cannot be started, still publishes the others', async () => {
  const { relay, published, errors } = relayOver([confirm(1, 'bad'), confirm(2, 'good')], async ({ workflowId }) => {
    if (workflowId.endsWith('bad')) throw new Error('refused');
  });
  await expect(relay.once()).resolves.toEqual({ published: 1, left: 1 });
  expect(published).toEqual([2]);
  expect(errors).toEqual(['error a flow from the outbox cannot be started']);
});

test('the relay, when its signal is aborted, ends', async () => {
  const { relay, published } = relayOver([confirm(1, 'c1')]);
  const stop = new AbortController();
  const running = relay.run(stop.signal);
  while (published.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  stop.abort();
  await expect(running).resolves.toBeUndefined();
});

test('the relay starts the flows that cancel an order and give money back', async () => {
  const { relay, started, published } = relayOver([
    { id: 1, topic: 'order.cancellation_requested', payload: { orderId: 'o1' } },
    { id: 2, topic: 'order.refund_requested', payload: { refundId: 'r1', orderId: 'o1' } },
  ]);
  await relay.once();
  expect(started).toEqual([
    { flow: 'cancelOrder', workflowId: 'cancel-order-o1', input: { orderId: 'o1' } },
    { flow: 'refund', workflowId: 'refund-r1', input: { refundId: 'r1' } },
  ]);
  expect(published).toEqual([1, 2]);
});

test('the relay starts the flow that mends an approved difference', async () => {
  const { relay, started } = relayOver([{ id: 1, topic: 'reconciliation.approved', payload: { differenceId: 'd1' } }]);
  await relay.once();
  expect(started).toEqual([
    { flow: 'reconciliationRepair', workflowId: 'reconciliation-repair-d1', input: { differenceId: 'd1' } },
  ]);
});

test('the relay, of a variant that is back, wakes the flow that tells who waits or starts one', async () => {
  const message = (id: number, variantId: string): OutboxMessage => ({
    id,
    topic: 'stock.back',
    payload: { variantId },
  });
  const { relay, started, signals } = relayOver([message(1, 'v1'), message(2, 'v2')], undefined, ['back-in-stock-v1']);
  await relay.once();
  expect(signals.sort()).toEqual(['back-in-stock-v1 stockBack', 'back-in-stock-v2 stockBack']);
  expect(started).toEqual([{ flow: 'backInStock', workflowId: 'back-in-stock-v2', input: { variantId: 'v2' } }]);
});

test('the relay, of an order with something to tell, wakes the flow that tells or starts one', async () => {
  const message = (id: number, orderId: string): OutboxMessage => ({
    id,
    topic: 'order.notification_queued',
    payload: { orderId },
  });
  const { relay, started, signals } = relayOver([message(1, 'o1'), message(2, 'o2')], undefined, ['notify-o1']);
  await relay.once();
  expect(signals.sort()).toEqual(['notify-o1 moreToTell', 'notify-o2 moreToTell']);
  expect(started).toEqual([{ flow: 'notify', workflowId: 'notify-o2', input: { orderId: 'o2' } }]);
});

test('the relay starts the flow that tells staff of low stock', async () => {
  const { relay, started, published } = relayOver([{ id: 1, topic: 'stock.low', payload: { alertId: 'a1' } }]);
  await relay.once();
  expect(started).toEqual([{ flow: 'lowStock', workflowId: 'low-stock-a1', input: { alertId: 'a1' } }]);
  expect(published).toEqual([1]);
});
