import { CHECKOUT_STATUS, NEEDS_ATTENTION } from '../../../src/workflows/attributes.js';
import { frozen, refuses } from '../../support/faulty-activities.js';
import { accepted, endState, intentOf, reaches, submit, UNDONE, type Purchase } from '../../support/flow-checkout.js';
import { detailsOf } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const CARD = 'pm_card_threeDSecure2Required';
const CANCELLED = { status: 'cancelled', code: 'cancelled' };

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, cancelled', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  const cancel = (purchase: Purchase): Promise<unknown> => world.flows.update(purchase.workflowId, 'cancelCheckout');
  test('checkout, cancelled while it waits for its customer, voids the intent and gives the stock back', async () => {
    const purchase = await accepted(world, { card: CARD });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await expect(cancel(purchase)).resolves.toMatchObject(CANCELLED);
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject(CANCELLED);
    await expect(endState(world, purchase)).resolves.toEqual({
      ...UNDONE,
      checkout: { status: 'cancelled', closed: true, code: 'cancelled' },
      steps: ['cancelled', 'customer_action_required', 'payment_voided', 'stock_released', 'stock_reserved'],
      reservations: [{ state: 'released', quantity: 2 }],
      audit: [],
    });
    const intentId = await intentOf(world, purchase.checkoutId);
    await expect(world.stripe.stripe.paymentIntents.retrieve(intentId)).resolves.toMatchObject({ status: 'canceled' });
  });

  test('checkout, while the provider is down for an hour, asks for attention, and is cancelled when that is asked', async () => {
    const purchase = await accepted(world);
    await world.stripe.post('/test/switches', { unavailable: 1_000_000 });
    const answer = await world.flows.checkoutOutcome(
      purchase.checkoutId,
      { orderId: purchase.orderId, customerId: null },
      300,
    );
    expect(answer).toEqual({ kind: 'undecided' });
    const handle = world.handle(purchase.workflowId);
    await world.until(async () => (await detailsOf(handle)).includes('Needs attention'), 'asking for attention');
    const details = await detailsOf(handle);
    expect(details).toContain('Authorise the payment');
    expect(details).toContain('cancelCheckout');
    const { typedSearchAttributes } = await handle.describe();
    expect(typedSearchAttributes.get(NEEDS_ATTENTION)).toBe(true);
    expect(typedSearchAttributes.get(CHECKOUT_STATUS)).toBe('needs_attention');
    const calls = world.faults.calls('authorisePayment');
    for (let minutes = 0; minutes < 60; minutes += 5) await world.sleep(5 * 60_000);
    expect(world.faults.calls('authorisePayment')).toBeGreaterThan(calls + 60);
    expect(await world.stock(purchase.variantId)).toEqual([5, 2]);

    const cancelling = cancel(purchase).catch((error: unknown) => error);
    await world.until(async () => (await world.checkoutRow(purchase.checkoutId))?.closing === true, 'closing');
    expect(await world.stock(purchase.variantId)).toEqual([5, 2]);
    await world.stripe.post('/test/switches', { unavailable: 0 });
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject(CANCELLED);
    await cancelling;
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
    const after_ = (await handle.describe()).typedSearchAttributes;
    expect([after_.get(NEEDS_ATTENTION), after_.get(CHECKOUT_STATUS)]).toEqual([false, 'cancelled']);
  });

  test('checkout, while the provider was down for an hour and is back, goes on by itself and is placed', async () => {
    const purchase = await accepted(world);
    await world.stripe.post('/test/switches', { unavailable: 1_000_000 });
    await world.flows.checkoutOutcome(purchase.checkoutId, { orderId: purchase.orderId, customerId: null }, 300);
    const handle = world.handle(purchase.workflowId);
    await world.until(async () => (await detailsOf(handle)).includes('Needs attention'), 'asking for attention');
    for (let minutes = 0; minutes < 60; minutes += 10) await world.sleep(10 * 60_000);
    await world.stripe.post('/test/switches', { unavailable: 0 });
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      provider: { captures: 1, held: 0 },
      stock: [3, 0],
      texts: 1,
    });
    expect((await handle.describe()).typedSearchAttributes.get(NEEDS_ATTENTION)).toBe(false);
  });

  test('cancelCheckout, once the order is being placed, is refused and changes nothing', async () => {
    const purchase = await accepted(world);
    const capture = frozen();
    world.faults.once('capturePayment', capture.fault);
    await submit(world, purchase);
    await capture.begun;
    await expect(cancel(purchase)).rejects.toMatchObject({ code: 'invalid_transition' });
    await capture.letGo();
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({ provider: { captures: 1 }, stock: [3, 0] });
  });

  test('checkout, whose undo is refused by mistake, stays open and ends undone when that is mended', async () => {
    const purchase = await accepted(world, { card: 'pm_card_chargeDeclined' });
    world.faults.always('voidHolds', refuses);
    await world.flows.checkoutOutcome(purchase.checkoutId, { orderId: purchase.orderId, customerId: null }, 1_000);
    const handle = world.handle(purchase.workflowId);
    await world.until(async () => (await detailsOf(handle)).includes('Needs attention'), 'asking for attention');
    expect((await handle.describe()).status.name).toBe('RUNNING');
    expect(await world.stock(purchase.variantId)).toEqual([5, 2]);
    await handle.cancel();
    world.faults.lift('voidHolds');
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'failed' });
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
  });
});
