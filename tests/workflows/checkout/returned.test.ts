import { CHECKOUT_STATUS, NEEDS_ATTENTION } from '../../../src/workflows/attributes.js';
import type { AuthoriseOutcome, PaymentGateway } from '../../../src/domain/payments/index.js';
import {
  accepted,
  authenticate,
  endState,
  mailsTo,
  moved,
  reaches,
  submit,
  textsTo,
  UNDONE,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const CHALLENGE = 'pm_card_threeDSecure2Required';
const MINUTE = 60_000;

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, that is paid while things change', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    provider({});
    await world.reset();
  });
  afterAll(() => world?.close());

  /** From now on the provider is of another opinion. */
  const provider = (change: Partial<PaymentGateway>): unknown =>
    (world.deps.gateways as Map<string, PaymentGateway>).set('stripe', { ...world.gateway, ...change });

  /** A way to pay that takes the money at once. */
  const takesAtOnce = (change: Partial<PaymentGateway> = {}): unknown =>
    provider({
      ...change,
      authorise: async (request) => {
        const held = (await world.gateway.authorise(request)) as Extract<AuthoriseOutcome, { kind: 'authorised' }>;
        await world.stripe.stripe.paymentIntents.capture(held.intentId);
        return world.gateway.retrieve(held.intentId, request);
      },
    });

  async function seen({ workflowId }: Purchase) {
    const { typedSearchAttributes: attributes } = await world.handle(workflowId).describe();
    return { status: attributes.get(CHECKOUT_STATUS), attention: attributes.get(NEEDS_ATTENTION) };
  }

  /** Somebody gives the stock away just before the order is placed. */
  const loseStock = ({ checkoutId, variantId }: Purchase): void =>
    world.faults.once('placeOrder', async (run) => {
      await world.shop.run(`update reservations set state = 'released', closed_at = now() where checkout_id = ?`, [
        checkoutId,
      ]);
      await world.shop.run('update stock_levels set reserved = 0, on_hand = 0 where variant_id = ?', [variantId]);
      await world.shop.run(
        `insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference)
         values (gen_random_uuid(), ?, -5, 0, 'adjustment', gen_random_uuid())`,
        [variantId],
      );
      return run();
    });

  test.each([
    [
      'its price is doubled',
      'update products set price_amount = 2000 where id = (select product_id from variants where id = ?)',
    ],
    [
      'its product is unpublished',
      `update products set status = 'archived' where id = (select product_id from variants where id = ?)`,
    ],
    ['its variant is retired', `update variants set status = 'retired' where id = ?`],
  ])('checkout, confirmed after %s, is placed as it was agreed', async (_, change) => {
    const purchase = await accepted(world, { card: CHALLENGE });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    await world.shop.run(change, [purchase.variantId]);
    await authenticate(world, purchase, 'success');
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'confirmed', total_amount: 2_499 }],
      provider: { captured: 2_499, captures: 1 },
      stock: [3, 0],
    });
  });

  test('checkout, whose payment is processed for longer than its stock is reserved, keeps it and is placed', async () => {
    let settled = false;
    provider({
      authorise: async (request) => {
        const outcome = await world.gateway.authorise(request);
        return { kind: 'processing', intentId: 'intentId' in outcome ? (outcome.intentId ?? '') : '' };
      },
      retrieve: (intentId, request) =>
        settled ? world.gateway.retrieve(intentId, request) : Promise.resolve({ kind: 'processing', intentId }),
    });
    const purchase = await accepted(world);
    await expect(submit(world, purchase)).resolves.toMatchObject({ outcome: { status: 'processing' } });
    await world.shop.run(`update checkouts set expires_at = now() - interval '1 hour' where id = ?`, [
      purchase.checkoutId,
    ]);
    await world.sleep(75 * MINUTE);
    expect(await world.stock(purchase.variantId)).toEqual([5, 2]);
    expect((await world.handle(purchase.workflowId).describe()).status.name).toBe('RUNNING');
    settled = true;
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({ provider: { captures: 1 }, stock: [3, 0] });
  });

  test('checkout, paid in a way that takes the money at once, is placed and takes it once', async () => {
    takesAtOnce();
    const purchase = await accepted(world);
    await submit(world, purchase);
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'confirmed' }],
      payments: [{ status: 'captured', captured_amount: 2_499 }],
      ledger: [{ type: 'capture', amount: 2_499 }],
      provider: { captured: 2_499, captures: 1, refunded: 0 },
    });
  });

  test('checkout, paid and without stock, says so while the bank sends the money back, and then tells its customer once', async () => {
    let decided = false;
    takesAtOnce({
      refund: (request) =>
        decided ? world.gateway.refund(request) : Promise.resolve({ kind: 'pending', refundId: 're_pending' }),
    });
    const purchase = await accepted(world);
    loseStock(purchase);
    await submit(world, purchase, 2_000);
    await world.until(async () => (await seen(purchase)).attention === true, 'a stuck refund');
    expect(await seen(purchase)).toEqual({ status: 'returning_payment', attention: true });
    expect(await mailsTo(purchase.email)).toEqual([]);
    decided = true;
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({ status: 'failed', code: 'out_of_stock' });
    expect(moved(world, purchase.checkoutId)).toEqual({ held: 0, captured: 2_499, refunded: 2_499, captures: 1 });
    expect((await mailsTo(purchase.email)).map(({ subject }) => subject)).toEqual(['Your payment goes back to you']);
    expect(textsTo(world, purchase.phone)).toHaveLength(1);
    expect(await seen(purchase)).toEqual({ status: 'failed', attention: false });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [],
      ledger: [
        { type: 'capture', amount: 2_499 },
        { type: 'refund', amount: 2_499 },
      ],
      freshId: true,
    });
  });

  test('checkout, that nobody paid, tells its customer of no money', async () => {
    const purchase = await accepted(world, { card: 'pm_card_visa_chargeDeclined' });
    await submit(world, purchase, 2_000);
    await world.ended(purchase.workflowId, 0);
    expect(await endState(world, purchase)).toMatchObject(UNDONE);
  });
});
