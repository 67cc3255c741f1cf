import { closeCheckout } from '../../../src/domain/checkout/index.js';
import { accepted, endState, submit, UNDONE } from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, refused', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  test('checkout, with a declined card, is undone, and the next try of the cart succeeds at once', async () => {
    const purchase = await accepted(world, { card: 'pm_card_visa_chargeDeclinedInsufficientFunds' });
    const answer = await submit(world, purchase);
    expect(answer).toMatchObject({ outcome: { status: 'failed', code: 'card_declined' } });
    await world.ended(purchase.workflowId);
    await expect(endState(world, purchase)).resolves.toEqual({
      ...UNDONE,
      checkout: { status: 'failed', closed: true, code: 'card_declined' },
      steps: ['failed', 'payment_declined', 'payment_voided', 'stock_released', 'stock_reserved'],
      reservations: [{ state: 'released', quantity: 2 }],
      audit: [],
    });
    const [row] = await world.shop.rows('select failure_data from checkouts where id = ?', [purchase.checkoutId]);
    expect(row).toEqual({ failure_data: { reason: 'insufficient_funds' } });

    const again = await world.accept(purchase.cartId, { paymentMethod: 'pm_card_visa' });
    expect(again.kind).toBe('accepted');
    expect(again.checkoutId).not.toBe(purchase.checkoutId);
    const second = { ...purchase, ...again, workflowId: `checkout-${again.checkoutId}` };
    await expect(submit(world, second)).resolves.toMatchObject({ outcome: { status: 'placed' } });
    await world.ended(second.workflowId);
    expect(await endState(world, second)).toMatchObject({ provider: { captures: 1 }, stock: [3, 0] });
  });

  test('checkout, short of stock, is refused with what is left, and takes and asks nothing', async () => {
    const purchase = await accepted(world, { stock: 5, quantity: 6 });
    await expect(submit(world, purchase)).resolves.toMatchObject({
      outcome: { status: 'failed', code: 'out_of_stock' },
    });
    await world.ended(purchase.workflowId);
    await expect(endState(world, purchase)).resolves.toEqual({
      ...UNDONE,
      checkout: { status: 'failed', closed: true, code: 'out_of_stock' },
      steps: ['failed'],
      reservations: [],
      audit: [],
    });
    const [row] = await world.shop.rows('select failure_data from checkouts where id = ?', [purchase.checkoutId]);
    expect(row).toMatchObject({ failure_data: { variants: [{ variantId: purchase.variantId, available: 5 }] } });
    expect(world.faults.calls('authorisePayment')).toBe(0);
  });

  test('checkout, whose worker died once it was refused and closed, ends as it was said before', async () => {
    const purchase = await accepted(world, { stock: 5, quantity: 6 });
    const { checkoutId, variantId } = purchase;
    const data = { variants: [{ variantId, available: 5 }] };
    await world.transact((em) => closeCheckout(em, checkoutId, { status: 'failed', code: 'out_of_stock', data }));
    await expect(submit(world, purchase)).resolves.toMatchObject({
      outcome: { status: 'failed', code: 'out_of_stock' },
    });
    await world.ended(purchase.workflowId);
    const [row] = await world.shop.rows('select failure_code, failure_data from checkouts where id = ?', [checkoutId]);
    expect(row).toEqual({ failure_code: 'out_of_stock', failure_data: data });
  });

  test('checkout, at another price than agreed, is refused with the new total', async () => {
    const purchase = await accepted(world, { change: { expectedTotal: { amount: 1_999, currency: 'USD' } } });
    await expect(submit(world, purchase)).resolves.toMatchObject({
      outcome: { status: 'failed', code: 'price_changed' },
    });
    await world.ended(purchase.workflowId);
    const [row] = await world.shop.rows('select failure_data from checkouts where id = ?', [purchase.checkoutId]);
    expect(row).toEqual({ failure_data: { total: 2_499, currency: 'USD' } });
    expect(await endState(world, purchase)).toMatchObject({ ...UNDONE, reservations: [] });
  });

  test('two checkouts, after the same last piece, place one order', async () => {
    const first = await accepted(world, { stock: 1, quantity: 1 });
    const cartId = await world.cart([{ variantId: first.variantId, quantity: 1 }]);
    const ids = await world.accept(cartId);
    const second = { ...first, ...ids, cartId, workflowId: `checkout-${ids.checkoutId}` };
    await Promise.all([submit(world, first), submit(world, second)]);
    const endings = [await world.ended(first.workflowId), await world.ended(second.workflowId)];
    expect(endings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ status: 'placed' }),
        expect.objectContaining({ status: 'failed', code: 'out_of_stock' }),
      ]),
    );
    expect(await world.stock(first.variantId)).toEqual([0, 0]);
  });

  test('checkout, whose stock an operator gave to another while the payment was asked for, is voided, and its customer told', async () => {
    const purchase = await accepted(world);
    world.faults.once('placeOrder', async (run) => {
      await world.shop.run(`update reservations set state = 'released', closed_at = now() where checkout_id = ?`, [
        purchase.checkoutId,
      ]);
      await world.shop.run('update stock_levels set reserved = 0, on_hand = 0 where variant_id = ?', [
        purchase.variantId,
      ]);
      await world.shop.run(
        `insert into stock_movements (id, variant_id, delta, on_hand_after, reason, reference) values (gen_random_uuid(), ?, -5, 0, 'adjustment', gen_random_uuid())`,
        [purchase.variantId],
      );
      return run();
    });
    await expect(submit(world, purchase)).resolves.toMatchObject({
      outcome: { status: 'failed', code: 'out_of_stock' },
    });
    await world.ended(purchase.workflowId);
    expect(await endState(world, purchase)).toMatchObject({
      ...UNDONE,
      stock: [0, 0],
      mails: ['Your payment goes back to you'],
      texts: 1,
      told: [{ event: 'payment_returned' }, { event: 'payment_returned' }],
    });
  });
});
