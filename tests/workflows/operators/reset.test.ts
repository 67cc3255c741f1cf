import { newId } from '../../../src/domain/kernel/ids.js';
import { accepted, authenticate, endState, reaches, submit, type Purchase } from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'a reset by an operator', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev', reservationMs: 60_000 });
  }, 60_000);
  afterAll(() => world?.close());

  /** Where Temporal's UI offers a reset: after each workflow task. */
  async function points(workflowId: string) {
    const handle = world.handle(workflowId);
    const { runId } = await handle.describe();
    const { events } = await handle.fetchHistory();
    const eventIds = (events ?? []).flatMap(({ eventId, workflowTaskCompletedEventAttributes: completed }) =>
      completed == null || eventId == null ? [] : [eventId],
    );
    return { runId, eventIds };
  }

  type EventId = Awaited<ReturnType<typeof points>>['eventIds'][number];

  async function reset(workflowId: string, runId: string, eventId: EventId): Promise<unknown> {
    await world.client.workflowService.resetWorkflowExecution({
      namespace: 'default',
      workflowExecution: { workflowId, runId },
      workflowTaskFinishEventId: eventId,
      requestId: newId(),
      reason: 'test',
    });
    return world.ended(workflowId, 0);
  }

  const challenged = async (): Promise<Purchase> => {
    const purchase = await accepted(world, { card: 'pm_card_threeDSecure2Required' });
    await submit(world, purchase, 2_000);
    await reaches(world, purchase, 'requires_action');
    return purchase;
  };
  /** How it went, and how it must have ended. */
  const ROADS: Readonly<Record<string, readonly [() => Promise<Purchase>, string, string | null]>> = {
    'was placed': [
      async () => {
        const purchase = await accepted(world);
        await submit(world, purchase);
        return purchase;
      },
      'placed',
      null,
    ],
    'was declined': [
      async () => {
        const purchase = await accepted(world, { card: 'pm_card_chargeDeclined' });
        await submit(world, purchase);
        return purchase;
      },
      'failed',
      'card_declined',
    ],
    'its customer cancelled': [
      async () => {
        const purchase = await challenged();
        await world.flows.update(purchase.workflowId, 'cancelCheckout');
        return purchase;
      },
      'cancelled',
      'cancelled',
    ],
    'was confirmed late': [
      async () => {
        const purchase = await challenged();
        await authenticate(world, purchase, 'success');
        await world.flows.signal(purchase.workflowId, 'paymentHeard');
        return purchase;
      },
      'placed',
      null,
    ],
  };

  test.each(Object.entries(ROADS).map(([road, way]) => [road, ...way] as const))(
    'of a checkout that %s, at each point, tells the same ending, moves no money and no stock, and tells nobody again',
    async (_, go, status, code) => {
      const purchase = await go();
      const { workflowId } = purchase;
      const result = await world.ended(workflowId, 0);
      const state = await endState(world, purchase);
      expect([state.checkout, result]).toMatchObject([{ status, closed: true, code }, { status }]);
      const placed = status === 'placed' ? 1 : 0;
      expect([state.provider.captures, state.mails.length, state.texts]).toEqual([placed, placed, placed]);
      const { runId, eventIds } = await points(workflowId);
      expect(eventIds.length).toBeGreaterThan(1);
      for (const eventId of eventIds) {
        const again = await reset(workflowId, runId, eventId);
        const at = `reset at ${String(eventId)}`;
        expect([at, again, await endState(world, purchase)]).toEqual([at, result, state]);
      }
    },
    120_000,
  );
});
