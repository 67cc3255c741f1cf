import { after, frozen } from '../../support/faulty-activities.js';
import { accepted, authenticate, endState, reaches, submit } from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const ONCE = {
  orders: [{ status: 'confirmed', total_amount: 2_499 }],
  ledger: [{ type: 'capture', amount: 2_499 }],
  provider: { captured: 2_499, captures: 1, held: 0, refunded: 0 },
  stock: [3, 0],
  mails: ['Order P-# is confirmed'],
  texts: 1,
};

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'checkout, whose worker is restarted', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  test.each(['reserveStock', 'authorisePayment', 'placeOrder', 'capturePayment', 'tellCustomer'])(
    'checkout, whose worker is stopped in %s and drains, goes on with another',
    async (activity) => {
      const purchase = await accepted(world);
      const step = frozen();
      world.faults.once(activity, step.fault);
      const asked = world.flows.checkoutOutcome(
        purchase.checkoutId,
        { orderId: purchase.orderId, customerId: null },
        1_000,
      );
      await step.begun;
      await world.restartWorker({ draining: () => step.letGo() });
      await asked;
      await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
      expect(await endState(world, purchase)).toMatchObject(ONCE);
    },
  );

  test.each(['authorisePayment', 'capturePayment', 'tellCustomer'])(
    'checkout, whose worker is stopped in %s and loses its answer, goes on with another',
    async (activity) => {
      const purchase = await accepted(world);
      const step = frozen();
      world.faults.once(activity, (run) => step.fault(() => after(run)));
      const asked = world.flows.checkoutOutcome(
        purchase.checkoutId,
        { orderId: purchase.orderId, customerId: null },
        1_000,
      );
      await step.begun;
      await world.restartWorker({ draining: () => step.letGo() });
      await asked;
      await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
      expect(await endState(world, purchase)).toMatchObject(ONCE);
    },
  );

  test('checkout, that waits for its customer over a restart, hears what was said meanwhile', async () => {
    const purchase = await accepted(world, { card: 'pm_card_threeDSecure2Required' });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await world.restartWorker({
      down: async () => {
        await authenticate(world, purchase, 'success');
        await world.flows.signal(purchase.workflowId, 'paymentHeard');
      },
    });
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject(ONCE);
  });

  test('checkout, submitted while no worker is up, is undecided, and placed once one is', async () => {
    const purchase = await accepted(world);
    await world.restartWorker({
      down: async () => {
        await expect(submit(world, purchase, 500)).resolves.toEqual({ kind: 'undecided' });
      },
    });
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject(ONCE);
  });
});
