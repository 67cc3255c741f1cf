import { checkoutRecoveryWorkflowId, notifyWorkflowId } from '../../../src/workflows/contracts.js';
import { CUSTOMER_ID, ORDER_ID } from '../../../src/workflows/attributes.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { frozen } from '../../support/faulty-activities.js';
import {
  accepted,
  authenticate,
  endState,
  reaches,
  submit,
  UNDONE,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

// On Temporal's own server: the sweep starts flows that outlive it, after which the other one skips no time.
describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'the sweep, of checkouts whose flow is gone', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  /** As if two hours had passed, by the database's clock. */
  async function twoHoursLater({ checkoutId, orderId }: Purchase): Promise<void> {
    await world.shop.run(
      `update checkouts set created_at = created_at - interval '2 hours', expires_at = expires_at - interval '2 hours' where id = ?`,
      [checkoutId],
    );
    await world.shop.run(`update orders set placed_at = placed_at - interval '2 hours' where id = ?`, [orderId]);
    await world.shop.run(`update notifications set created_at = created_at - interval '2 hours' where subject_id = ?`, [
      orderId,
    ]);
  }

  async function sweep(): Promise<unknown> {
    const workflowId = `sweep-${newId()}`;
    await world.start('reservationSweep', workflowId);
    return world.ended(workflowId, 0);
  }
  const recovered = ({ checkoutId }: Purchase): Promise<unknown> =>
    world.ended(checkoutRecoveryWorkflowId(checkoutId), 0);

  /** Ended by hand while it does a step; what the step had begun goes on later. */
  async function terminatedIn(activity: string, card = 'pm_card_visa'): Promise<Purchase & { late(): Promise<void> }> {
    const purchase = await accepted(world, { card });
    const step = frozen();
    world.faults.once(activity, step.fault);
    const asked = submit(world, purchase, 2_000);
    await step.begun;
    await world.handle(purchase.workflowId).terminate('by hand');
    await asked;
    return { ...purchase, late: () => step.letGo() };
  }

  test.each([
    ['taking stock', 'reserveStock', []],
    ['authorising', 'authorisePayment', [{ state: 'expired', quantity: 2 }]],
  ])(
    'a checkout, terminated while %s, is undone, and what wakes up late changes nothing',
    async (_, activity, reservations) => {
      const purchase = await terminatedIn(activity);
      await twoHoursLater(purchase);
      await expect(sweep()).resolves.toEqual({ holds: 0, checkouts: 1, untold: 0 });
      await expect(recovered(purchase)).resolves.toMatchObject({ status: 'expired', code: 'flow_gone' });
      await purchase.late();
      expect(await endState(world, purchase)).toMatchObject({
        ...UNDONE,
        reservations,
        checkout: { status: 'expired' },
      });
      await expect(sweep()).resolves.toEqual({ holds: 0, checkouts: 0, untold: 0 });
    },
  );

  test('a checkout, terminated while it waits for a customer who has paid since, is voided', async () => {
    const purchase = await accepted(world, { card: 'pm_card_threeDSecure2Required' });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await world.handle(purchase.workflowId).terminate('by hand');
    await authenticate(world, purchase, 'success');
    await twoHoursLater(purchase);
    await sweep();
    await recovered(purchase);
    expect(await endState(world, purchase)).toMatchObject({ ...UNDONE, audit: [{ action: 'reservation.expired' }] });
  });

  test.each([
    ['taking the money', 'capturePayment', 1, 0],
    ['telling the customer', 'tellCustomer', 0, 1],
  ])('a placed checkout, terminated while %s, is finished, and once', async (_, activity, checkouts, untold) => {
    const purchase = await terminatedIn(activity);
    await expect(sweep()).resolves.toEqual({ holds: 0, checkouts: 0, untold: 0 });
    await twoHoursLater(purchase);
    await expect(sweep()).resolves.toEqual({ holds: 0, checkouts, untold });
    const workflowId =
      checkouts === 1 ? checkoutRecoveryWorkflowId(purchase.checkoutId) : notifyWorkflowId(purchase.orderId);
    await world.ended(workflowId, 0);
    await purchase.late();
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'confirmed' }],
      ledger: [{ type: 'capture', amount: 2_499 }],
      provider: { captures: 1, held: 0 },
      stock: [3, 0],
      mails: ['Order P-# is confirmed'],
      texts: 1,
    });
    const { typedSearchAttributes } = await world.handle(workflowId).describe();
    expect(typedSearchAttributes.get(ORDER_ID)).toBe(purchase.orderId);
  });

  test('a customer’s checkout whose flow never started is ended, frees the cart and is found by customer', async () => {
    const userId = await world.shop.user();
    const variantId = await world.variant(5);
    const cartId = await world.cart([{ variantId }], userId);
    const { checkoutId, orderId } = await world.accept(cartId);
    const purchase = { variantId, cartId, checkoutId, orderId, workflowId: '', email: 'x', phone: 'x' };
    await twoHoursLater(purchase);
    await sweep();
    await expect(recovered(purchase)).resolves.toMatchObject({ status: 'expired' });
    const { typedSearchAttributes } = await world.handle(checkoutRecoveryWorkflowId(checkoutId)).describe();
    expect(typedSearchAttributes.get(CUSTOMER_ID)).toBe(userId);
    expect(await endState(world, purchase)).toMatchObject({
      freshId: true,
      cart: [{ status: 'open' }],
      reservations: [],
      audit: [],
    });
  });

  test('a checkout, past its time while its flow runs, is left to it', async () => {
    const purchase = await accepted(world, { card: 'pm_card_threeDSecure2Required' });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await twoHoursLater(purchase);
    await expect(sweep()).resolves.toMatchObject({ checkouts: 0 });
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    await world.ended(purchase.workflowId, 0);
  });
});
