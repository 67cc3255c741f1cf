import { newId } from '../../../src/domain/kernel/ids.js';
import type { RefundWish } from '../../../src/domain/refunds/index.js';
import { NEEDS_ATTENTION } from '../../../src/workflows/attributes.js';
import { after, before } from '../../support/faulty-activities.js';
import { accepted, endState, intentOf, submit, type Purchase } from '../../support/flow-checkout.js';
import { detailsOf } from '../../support/flow-history.js';
import { askedBack, cancelling, heardOfRefunds, settleRefund } from '../../support/flow-refund.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const ALL: RefundWish = { kind: 'whole', restock: true };
const DAY = 24 * 60 * 60_000;

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'money of a placed order', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  async function bought(card = 'pm_card_visa'): Promise<Purchase> {
    const purchase = await accepted(world, { card });
    await submit(world, purchase);
    await world.ended(purchase.workflowId);
    return purchase;
  }
  const attention = (workflowId: string, step: string): Promise<void> =>
    world.until(
      async () => (await detailsOf(world.handle(workflowId))).includes(`Needs attention: ${step}`),
      `${step} needs attention`,
    );
  const told = (event: string) => [
    expect.objectContaining({ event, channel: 'email', status: 'sent' }),
    expect.objectContaining({ event: 'order_confirmed', channel: 'email' }),
    expect.objectContaining({ event, channel: 'sms', status: 'sent' }),
    expect.objectContaining({ event: 'order_confirmed', channel: 'sms' }),
  ];
  const BACK = {
    payments: [{ status: 'refunded', amount: 2_499, captured_amount: 2_499 }],
    ledger: [
      { type: 'capture', amount: 2_499 },
      { type: 'refund', amount: 2_499 },
    ],
    provider: { captured: 2_499, captures: 1, refunded: 2_499, held: 0 },
    stock: [5, 0],
    texts: 2,
  };
  const CANCELLED = { ...BACK, orders: [{ status: 'cancelled', total_amount: 2_499 }] };
  const REFUNDED = { ...BACK, orders: [{ status: 'refunded', total_amount: 2_499 }] };

  test.each([
    ['carryOutCancellation', 'before', before],
    ['carryOutCancellation', 'after', after],
    ['claimOwed', 'before', before],
    ['claimOwed', 'after', after],
    ['giveBack', 'before', before],
    ['giveBack', 'after', after],
  ])(
    'a cancellation whose step %s fails once %s its effect cancels, tells and gives back once',
    async (step, _, fault) => {
      const purchase = await bought();
      world.faults.once(step, fault);
      await expect(world.ended(await cancelling(world, purchase), 1_000)).resolves.toEqual({ refunds: 1 });
      const state = await endState(world, purchase);
      expect(state).toMatchObject(CANCELLED);
      expect(state.told).toEqual(expect.arrayContaining(told('order_cancelled')));
      expect(state.told).toHaveLength(4);
      expect(state.mails).toHaveLength(2);
    },
  );

  test.each([
    ['giveBack', 'before', before],
    ['giveBack', 'after', after],
  ])('a refund whose step %s fails once %s its effect is given and told once', async (step, _, fault) => {
    const purchase = await bought();
    world.faults.once(step, fault);
    await expect(world.ended(await askedBack(world, purchase, ALL), 1_000)).resolves.toEqual({ status: 'succeeded' });
    const state = await endState(world, purchase);
    expect(state).toMatchObject(REFUNDED);
    expect(state.told).toEqual(expect.arrayContaining(told('order_refunded')));
    expect(state.told).toHaveLength(4);
    expect(state.mails).toHaveLength(2);
  });

  test('a refund, while the provider is down, asks for attention and is given once when it is back', async () => {
    const purchase = await bought();
    await world.stripe.post('/test/switches', { unavailable: 1_000_000 });
    const workflowId = await askedBack(world, purchase, ALL);
    await attention(workflowId, 'Give the money back');
    const described = await world.handle(workflowId).describe();
    expect(described.typedSearchAttributes.get(NEEDS_ATTENTION)).toBe(true);
    await world.sleep(60 * 60_000);
    await world.stripe.post('/test/switches', { unavailable: 0 });
    await expect(world.ended(workflowId)).resolves.toEqual({ status: 'succeeded' });
    expect(await endState(world, purchase)).toMatchObject(REFUNDED);
  });

  test('a cancellation, while the capture is stuck, waits for it; then nothing is taken, and the customer is told once', async () => {
    const purchase = await accepted(world);
    world.faults.always('capturePayment', before);
    await submit(world, purchase);
    const workflowId = await cancelling(world, purchase);
    await attention(workflowId, 'Cancel the order');
    world.faults.lift('capturePayment');
    await expect(world.ended(purchase.workflowId)).resolves.toMatchObject({
      status: 'placed',
      code: 'order_cancelled',
    });
    await expect(world.ended(workflowId)).resolves.toEqual({ refunds: 0 });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'cancelled' }],
      payments: [{ status: 'voided', captured_amount: 0 }],
      ledger: [],
      provider: { captured: 0, held: 0 },
      stock: [5, 0],
      told: [{ event: 'order_cancelled' }, { event: 'order_cancelled' }],
      texts: 1,
    });
  });

  test('a cancellation that is stopped in the UI cancels and gives back all the same', async () => {
    const purchase = await bought();
    world.faults.always('giveBack', before);
    const workflowId = await cancelling(world, purchase);
    await attention(workflowId, 'Give the money back');
    await world.handle(workflowId).cancel();
    world.faults.lift('giveBack');
    await world.ended(workflowId);
    expect(await endState(world, purchase)).toMatchObject(CANCELLED);
  });

  test('a refund that the bank takes days over waits, and ends when the provider tells of it', async () => {
    const purchase = await bought('pm_card_pendingRefund');
    const workflowId = await askedBack(world, purchase, ALL);
    await settleRefund(world, purchase, 'succeeded');
    await expect(world.ended(await heardOfRefunds(world, purchase), 0)).resolves.toEqual({ woken: 1 });
    await expect(world.ended(workflowId)).resolves.toEqual({ status: 'succeeded' });
    expect(await endState(world, purchase)).toMatchObject(REFUNDED);
  });

  test('a refund whose event is lost is asked for, and its failure frees the money for another one', async () => {
    const purchase = await bought('pm_card_pendingRefund');
    const workflowId = await askedBack(world, purchase, ALL);
    await settleRefund(world, purchase, 'failed');
    await world.sleep(2 * DAY);
    await expect(world.ended(workflowId)).resolves.toEqual({ status: 'failed' });
    expect(await endState(world, purchase)).toMatchObject({
      orders: [{ status: 'confirmed' }],
      payments: [{ status: 'captured' }],
      ledger: [{ type: 'capture' }],
      stock: [3, 0],
      texts: 1,
    });
  });

  test('a refund of the dashboard, told of five times at once, is booked once', async () => {
    const purchase = await bought();
    const { checkoutId, orderId } = purchase;
    await world.stripe.stripe.refunds.create({ payment_intent: await intentOf(world, checkoutId), amount: 999 });
    const told = await Promise.all([1, 2, 3, 4, 5].map(() => heardOfRefunds(world, purchase)));
    for (const workflowId of told) await expect(world.ended(workflowId, 0)).resolves.toEqual({ woken: 0 });
    expect(await endState(world, purchase)).toMatchObject({
      ledger: [
        { type: 'capture', amount: 2_499 },
        { type: 'refund', amount: 999 },
      ],
      provider: { refunded: 999 },
      orders: [{ status: 'confirmed' }],
    });
    expect(await world.shop.rows('select origin, status from refunds where order_id = ?', [orderId])).toEqual([
      { origin: 'provider', status: 'succeeded' },
    ]);
  });
});

// On Temporal's own server: the sweep starts flows that outlive it, after which the other one skips no time.
describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'the sweep, of orders whose flow is gone', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterAll(() => world?.close());

  test('gives a cancellation and a refund that nobody works on a flow that ends them', async () => {
    const purchases = [await accepted(world), await accepted(world)] as const;
    for (const purchase of purchases) {
      await submit(world, purchase);
      await world.ended(purchase.workflowId, 0);
    }
    const [cancelled, refunded] = purchases;
    const gone = [
      await cancelling(world, cancelled, { start: false }),
      await askedBack(world, refunded, ALL, { start: false }),
    ];
    const sweep = async (): Promise<void> => {
      const { workflowId } = await world.start('reservationSweep', `sweep-${newId()}`);
      await world.ended(workflowId, 0);
    };
    const states = () => Promise.all(gone.map((workflowId) => world.flows.state(workflowId)));
    await sweep();
    await expect(states()).resolves.toEqual(['absent', 'absent']);
    await world.shop.run(`update orders set updated_at = now() - interval '3 minutes'`, []);
    await world.shop.run(`update refunds set updated_at = now() - interval '3 minutes'`, []);
    await sweep();
    for (const workflowId of gone) await world.ended(workflowId, 0);
    for (const [purchase, status] of [
      [cancelled, 'cancelled'],
      [refunded, 'refunded'],
    ] as const)
      expect(await endState(world, purchase)).toMatchObject({
        orders: [{ status }],
        provider: { captured: 2_499, refunded: 2_499 },
        stock: [5, 0],
      });
    expect(await world.stockFaults()).toEqual([]);
  });
});
