import { NEEDS_ATTENTION } from '../../../src/workflows/attributes.js';
import { RETRY_STEP } from '../../../src/workflows/contracts.js';
import { refuses } from '../../support/faulty-activities.js';
import { accepted, endState, intentOf, submit, type Purchase } from '../../support/flow-checkout.js';
import { detailsOf } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const HOUR = 60 * 60_000;

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, after its order is placed', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  const stuck = (purchase: Purchase): Promise<void> =>
    world.until(
      async () => (await detailsOf(world.handle(purchase.workflowId))).includes('Needs attention: Capture'),
      'a stuck capture',
    );
  const attention = async (purchase: Purchase): Promise<boolean | undefined> =>
    (await world.handle(purchase.workflowId).describe()).typedSearchAttributes.get(NEEDS_ATTENTION);
  const ONCE = {
    orders: [{ status: 'confirmed', total_amount: 2_499 }],
    ledger: [{ type: 'capture', amount: 2_499 }],
    provider: { captured: 2_499, captures: 1, held: 0, refunded: 0 },
    stock: [3, 0],
    mails: ['Order P-# is confirmed'],
    texts: 1,
  };

  /** Placed, with the provider away before the capture. */
  async function providerAway(): Promise<Purchase> {
    const purchase = await accepted(world);
    world.faults.once('placeOrder', async (run) => {
      const placed = await run();
      await world.stripe.post('/test/switches', { unavailable: 1_000_000 });
      return placed;
    });
    await expect(submit(world, purchase)).resolves.toMatchObject({ outcome: { status: 'placed' } });
    return purchase;
  }

  test('capture, while the provider is down for an hour, asks for attention and captures once when it is back', async () => {
    const purchase = await providerAway();
    await stuck(purchase);
    await expect(attention(purchase)).resolves.toBe(true);
    for (let minutes = 0; minutes < 60; minutes += 10) await world.sleep(10 * 60_000);
    expect(await endState(world, purchase)).toMatchObject({ orders: [{ status: 'pending' }], mails: [], texts: 0 });
    await world.stripe.post('/test/switches', { unavailable: 0 });
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed', code: null });
    expect(await endState(world, purchase)).toMatchObject(ONCE);
    await expect(attention(purchase)).resolves.toBe(false);
  });

  test('retryStep, on a stuck capture, tries it at once', async () => {
    const purchase = await providerAway();
    await stuck(purchase);
    await world.stripe.post('/test/switches', { unavailable: 0 });
    const calls = world.faults.calls('capturePayment');
    await expect(world.flows.update(purchase.workflowId, RETRY_STEP)).resolves.toEqual(['Capture the payment']);
    await world.ended(purchase.workflowId, 0);
    expect(world.faults.calls('capturePayment')).toBe(calls + 1);
    expect(await endState(world, purchase)).toMatchObject(ONCE);
  });

  test('capture, refused by the provider, cancels the order, restocks it and tells the customer', async () => {
    const purchase = await accepted(world);
    world.faults.once('capturePayment', async (run) => {
      await world.stripe.stripe.paymentIntents.cancel(await intentOf(world, purchase.checkoutId));
      return run();
    });
    await expect(submit(world, purchase)).resolves.toMatchObject({ outcome: { status: 'placed' } });
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed', code: 'payment_failed' });
    expect(await endState(world, purchase)).toMatchObject({
      steps: ['order_placed', 'payment_authorised', 'payment_refused', 'stock_reserved'],
      orders: [{ status: 'cancelled' }],
      payments: [{ status: 'failed', captured_amount: 0 }],
      ledger: [],
      provider: { captured: 0, held: 0, captures: 0 },
      stock: [5, 0],
      told: [{ event: 'order_cancelled' }, { event: 'order_cancelled' }],
      texts: 1,
    });
    expect((await endState(world, purchase)).mails).toHaveLength(1);
  });

  test('capture, without an answer until an hour before the authorisation ends, is given up: voided, cancelled, told', async () => {
    const purchase = await accepted(world);
    world.faults.once('placeOrder', async (run) => {
      const placed = await run();
      await world.stripe.post('/test/switches', { unavailable: 1_000_000, only: { path: '/capture$' } });
      return placed;
    });
    await submit(world, purchase);
    await stuck(purchase);
    await world.later(7 * 24 * HOUR - HOUR / 2);
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed', code: 'payment_failed' });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'cancelled' }],
      provider: { captured: 0, held: 0 },
      stock: [5, 0],
      texts: 1,
    });
  });

  test('capture, that refuses by mistake, stays visible instead of ending the flow, and goes on when it is mended', async () => {
    const purchase = await accepted(world);
    world.faults.always('capturePayment', refuses);
    await submit(world, purchase);
    await stuck(purchase);
    expect((await world.handle(purchase.workflowId).describe()).status.name).toBe('RUNNING');
    world.faults.lift('capturePayment');
    await expect(world.ended(purchase.workflowId, 30_000)).resolves.toMatchObject({ status: 'placed', code: null });
    expect(await endState(world, purchase)).toMatchObject(ONCE);
  });
});
