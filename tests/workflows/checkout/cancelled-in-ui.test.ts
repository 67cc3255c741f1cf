import { frozen } from '../../support/faulty-activities.js';
import { accepted, endState, reaches, submit, UNDONE, type Purchase } from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const CARD = 'pm_card_threeDSecure2Required';
const CANCELLED = { status: 'cancelled', code: 'cancelled' };

// On Temporal's own server: the one that skips time loses flows whose step ends while they cancel it.
describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'checkout, cancelled in the Temporal UI', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  const stopped = async (purchase: Purchase): Promise<unknown> => {
    await world.until(
      async () => (await world.handle(purchase.workflowId).describe()).status.name !== 'RUNNING',
      'the end of the cancelled flow',
      0,
    );
    const { status } = await world.handle(purchase.workflowId).describe();
    const row = await world.checkoutRow(purchase.checkoutId);
    return { flow: status.name, row: row?.status };
  };

  test.each([
    ['reserving', 'reserveStock', 'pm_card_visa'],
    ['authorising', 'authorisePayment', 'pm_card_visa'],
    ['asking the bank', 'authorisePayment', CARD],
    ['undoing', 'voidHolds', 'pm_card_chargeDeclined'],
    ['giving the stock back', 'releaseStock', 'pm_card_chargeDeclined'],
  ])('checkout, cancelled while %s, is undone', async (_, activity, card) => {
    const purchase = await accepted(world, { card });
    const step = frozen();
    world.faults.once(activity, step.fault);
    const asked = submit(world, purchase);
    await step.begun;
    await world.handle(purchase.workflowId).cancel();
    const late = step.letGo();
    await expect(stopped(purchase)).resolves.toEqual({
      flow: 'COMPLETED',
      row: activity === 'voidHolds' || activity === 'releaseStock' ? 'failed' : 'cancelled',
    });
    await asked;
    await late;
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
  });

  test('checkout, cancelled while its provider call is frozen, is undone before and after that wakes up', async () => {
    const purchase = await accepted(world);
    const call = frozen();
    world.faults.once('authorisePayment', call.fault);
    const asked = submit(world, purchase);
    await call.begun;
    await world.handle(purchase.workflowId).cancel();
    await expect(stopped(purchase)).resolves.toEqual({ flow: 'COMPLETED', row: 'cancelled' });
    await expect(asked).resolves.toMatchObject({ kind: 'outcome', outcome: CANCELLED });
    await call.letGo();
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
  });

  test('checkout, cancelled while it waits for its customer, is undone', async () => {
    const purchase = await accepted(world, { card: CARD });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await world.handle(purchase.workflowId).cancel();
    await expect(stopped(purchase)).resolves.toEqual({ flow: 'COMPLETED', row: 'cancelled' });
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
  });

  test.each([
    ['placing', 'placeOrder'],
    ['capturing', 'capturePayment'],
    ['telling', 'tellCustomer'],
  ])('checkout, cancelled while %s, goes on to its end', async (_, activity) => {
    const purchase = await accepted(world);
    const step = frozen();
    world.faults.once(activity, step.fault);
    const asked = submit(world, purchase);
    await step.begun;
    await world.handle(purchase.workflowId).cancel();
    await step.letGo();
    await asked;
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed', code: null });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'confirmed' }],
      provider: { captures: 1, held: 0 },
      stock: [3, 0],
      texts: 1,
    });
  });
});
