import { accepted, endState, submit } from '../../support/flow-checkout.js';
import { detailsOf, eventsOf } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';
import { CHECKOUT_STATUS, NEEDS_ATTENTION, ORDER_ID } from '../../../src/workflows/attributes.js';

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, paid at once', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  test('checkout, paid at once, is placed, captured once and told once', async () => {
    const purchase = await accepted(world);
    const placed = { checkoutId: purchase.checkoutId, status: 'placed', code: null };
    await expect(submit(world, purchase)).resolves.toEqual({ kind: 'outcome', outcome: placed });
    await expect(world.ended(purchase.workflowId)).resolves.toEqual(placed);
    await expect(endState(world, purchase)).resolves.toEqual({
      checkout: { status: 'placed', closed: true, code: null },
      steps: ['order_placed', 'payment_authorised', 'payment_captured', 'stock_reserved'],
      cart: [{ status: 'ordered', ordered: true, version: 2 }],
      freshId: false,
      orders: [{ status: 'confirmed', total_amount: 2_499 }],
      timeline: ['confirmed', 'customer_told', 'customer_told', 'placed'],
      payments: [{ status: 'captured', amount: 2_499, captured_amount: 2_499 }],
      ledger: [{ type: 'capture', amount: 2_499 }],
      provider: { held: 0, captured: 2_499, refunded: 0, captures: 1 },
      stock: [3, 0],
      reservations: [{ state: 'placed', quantity: 2 }],
      told: [
        { event: 'order_confirmed', channel: 'email', status: 'sent' },
        { event: 'order_confirmed', channel: 'sms', status: 'sent' },
      ],
      mails: ['Order P-# is confirmed'],
      texts: 1,
      audit: [],
    });
  });

  test('checkout, paid at once, takes four workflow tasks, three remote steps and no timer', async () => {
    const purchase = await accepted(world);
    await submit(world, purchase);
    await world.ended(purchase.workflowId);
    const events = await eventsOf(world.handle(purchase.workflowId));
    const count = (kind: string): number => events.filter((event) => event === kind).length;
    expect(count('workflowTaskCompleted')).toBe(4);
    expect(count('activityTaskScheduled')).toBe(3);
    expect(count('markerRecorded')).toBe(2);
    expect(count('timerStarted')).toBe(0);
    expect(events.indexOf('workflowExecutionUpdateCompleted')).toBeLessThan(
      events.lastIndexOf('activityTaskScheduled'),
    );
    expect(events).toHaveLength(28);
  });

  test('checkout, while it runs and when it ended, carries what operators filter by', async () => {
    const purchase = await accepted(world);
    await submit(world, purchase);
    await world.ended(purchase.workflowId);
    const handle = world.handle(purchase.workflowId);
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(ORDER_ID)).toBe(purchase.orderId);
    expect(typedSearchAttributes.get(CHECKOUT_STATUS)).toBe('placed');
    expect(typedSearchAttributes.get(NEEDS_ATTENTION)).toBeUndefined();
    expect(await detailsOf(handle)).toBe(`Checkout ${purchase.checkoutId}: ended, placed.`);
    await expect(handle.query('progress')).resolves.toMatchObject({ phase: 'closed', outcome: { status: 'placed' } });
  });
});
