import {
  accepted,
  authenticate,
  endState,
  intentOf,
  reaches,
  submit,
  UNDONE,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { openWebhook } from '../../support/flow-webhook.js';
import { describeWith } from '../../support/services.js';
import { CHECKOUT_STATUS } from '../../../src/workflows/attributes.js';

const CARD = 'pm_card_threeDSecure2Required';
const MINUTE = 60_000;

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, that needs its customer', () => {
  let world: FlowWorld;
  let webhook: Awaited<ReturnType<typeof openWebhook>>;
  beforeAll(async () => {
    world = await openFlowWorld();
    webhook = await openWebhook(world);
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(async () => {
    await webhook?.close();
    await world?.close();
  });

  async function waiting(): Promise<Purchase> {
    const purchase = await accepted(world, { card: CARD });
    const outcome = { checkoutId: purchase.checkoutId, status: 'requires_action', code: null };
    await expect(submit(world, purchase)).resolves.toEqual({ kind: 'outcome', outcome });
    await reaches(world, purchase, 'requires_action');
    return purchase;
  }
  const ended = (purchase: Purchase): Promise<unknown> => world.ended(purchase.workflowId, 0);
  const loseWebhooks = (): Promise<unknown> => world.stripe.post('/test/switches', { webhook: { lose: 100 } });

  test('checkout, confirmed by the customer, is woken by the provider’s event and placed', async () => {
    const purchase = await waiting();
    const { typedSearchAttributes } = await world.handle(purchase.workflowId).describe();
    expect(typedSearchAttributes.get(CHECKOUT_STATUS)).toBe('requires_action');
    await authenticate(world, purchase, 'success');
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      steps: ['customer_action_required', 'order_placed', 'payment_authorised', 'payment_captured', 'stock_reserved'],
      orders: [{ status: 'confirmed' }],
      provider: { captured: 2_499, captures: 1, held: 0 },
      stock: [3, 0],
      texts: 1,
    });
  });

  test('checkout, not confirmed by the bank, is declined and undone', async () => {
    const purchase = await waiting();
    await authenticate(world, purchase, 'fail');
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'failed', code: 'card_declined' });
    expect(await endState(world, purchase)).toMatchObject({ ...UNDONE, reservations: [{ state: 'released' }] });
  });

  test('checkout, confirmed before it began to wait, hears the stored event and is placed', async () => {
    const purchase = await accepted(world, { card: CARD });
    world.faults.once('authorisePayment', async (run) => {
      // the answer is lost; by the time of the repeat, the customer has acted and the event was stored
      await run();
      await authenticate(world, purchase, 'success');
      await world.until(
        async () =>
          (await world.shop.rows('select id from payment_events where checkout_id = ?', [purchase.checkoutId])).length >
          0,
        'the event',
        0,
      );
      throw new Error('lost');
    });
    await submit(world, purchase);
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      provider: { captures: 1, captured: 2_499 },
      stock: [3, 0],
    });
  });

  test('checkout, told of a payment that still waits, waits on', async () => {
    const purchase = await waiting();
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await world.until(async () => world.faults.calls('checkPayment') === 1, 'a look at the payment', 0);
    await world.wait(200);
    expect((await world.handle(purchase.workflowId).describe()).status.name).toBe('RUNNING');
    await authenticate(world, purchase, 'success');
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'placed' });
  });

  test('checkout, abandoned by its customer, expires: the intent is cancelled, then the stock given back', async () => {
    const purchase = await waiting();
    const intentId = await intentOf(world, purchase.checkoutId);
    let reservedAtVoid: unknown;
    world.faults.once('voidHolds', async (run) => {
      reservedAtVoid = await world.stock(purchase.variantId);
      return run();
    });
    await world.sleep(14 * MINUTE);
    expect((await world.checkoutRow(purchase.checkoutId))?.status).toBe('requires_action');
    await world.sleep(2 * MINUTE);
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'expired', code: 'reservation_expired' });
    expect(reservedAtVoid).toEqual([5, 2]);
    await expect(endState(world, purchase)).resolves.toEqual({
      ...UNDONE,
      checkout: { status: 'expired', closed: true, code: 'reservation_expired' },
      steps: ['customer_action_required', 'expired', 'payment_voided', 'stock_released', 'stock_reserved'],
      reservations: [{ state: 'expired', quantity: 2 }],
      audit: [{ action: 'reservation.expired' }],
    });
    await expect(world.stripe.stripe.paymentIntents.retrieve(intentId)).resolves.toMatchObject({ status: 'canceled' });
    const late = await world.stripe.post(`/test/payment_intents/${intentId}/authenticate`, {}).catch(() => 'refused');
    expect(JSON.stringify(late)).toMatch(/refused|nothing to authenticate/);
  });

  test('checkout, confirmed in the last moment without an event, is placed', async () => {
    await loseWebhooks();
    const purchase = await waiting();
    await world.sleep(14 * MINUTE);
    await authenticate(world, purchase, 'success');
    await world.sleep(2 * MINUTE);
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      provider: { captures: 1, held: 0 },
      stock: [3, 0],
      audit: [],
    });
    await world.stripe.post('/test/switches', { webhook: { lose: 0 } });
  });

  test('checkout, that nobody paid and whose event comes late, gives the money back', async () => {
    await world.stripe.post('/test/switches', { webhook: { hold: true } });
    const purchase = await waiting();
    await authenticate(world, purchase, 'success');
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    await expect(ended(purchase)).resolves.toMatchObject({ status: 'cancelled' });
    await world.stripe.post('/test/switches', { webhook: { hold: false } });
    await world.stripe.post('/test/webhooks/release', {});
    const unhandled = async (): Promise<number> =>
      (
        await world.shop.rows(
          `select id from payment_events where checkout_id = ? and outcome = 'authorised' and handled_at is not null`,
          [purchase.checkoutId],
        )
      ).length;
    await world.until(async () => (await unhandled()) === 1, 'the late event', 0);
    expect(await endState(world, purchase)).toMatchObject({
      ...UNDONE,
      mails: ['Your payment goes back to you'],
      texts: 1,
      told: [{ event: 'payment_returned' }, { event: 'payment_returned' }],
    });
  });
});
