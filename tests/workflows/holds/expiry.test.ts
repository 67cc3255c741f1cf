import { extendHold, holdCart, readHold, releaseHold } from '../../../src/domain/holds/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { NEEDS_ATTENTION } from '../../../src/workflows/attributes.js';
import { checkoutWorkflowId, reservationExpiryWorkflowId } from '../../../src/workflows/contracts.js';
import { after, before } from '../../support/faulty-activities.js';
import { mailsTo } from '../../support/flow-checkout.js';
import { eventsOf, historyText } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { overdueHolds } from '../../support/overdue-holds.js';
import { describeWith } from '../../support/services.js';

const MINUTE = 60_000;
const HOLD = 5 * MINUTE;

interface Held {
  readonly variantId: string;
  readonly cartId: string;
  readonly holdId: string;
  readonly workflowId: string;
  readonly email: string;
}

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'reservation-expiry', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  /** A customer's cart of two out of five, held for five minutes. */
  async function held(): Promise<Held> {
    const userId = await world.shop.user();
    const variantId = await world.variant(5);
    const cartId = await world.cart([{ variantId, quantity: 2 }], userId);
    const { id: holdId } = await world.transact((em) => holdCart(em, cartId, HOLD));
    const workflowId = reservationExpiryWorkflowId(holdId);
    await world.flows.start('reservationExpiry', workflowId, { holdId });
    await world.until(async () => (await eventsOf(world.handle(workflowId))).includes('timerStarted'), 'waiting', 0);
    return { variantId, cartId, holdId, workflowId, email: `${userId}@example.com` };
  }

  /** Time passes for PostgreSQL first and then for Temporal, so that a timer finds the rows as old as itself. */
  async function pass({ holdId }: Held, ms: number): Promise<void> {
    for (const [table, column] of [
      ['cart_holds', 'id'],
      ['reservations', 'hold_id'],
    ])
      await world.shop.run(
        `update ${table} set expires_at = expires_at - ? * interval '1 millisecond' where ${column} = ?`,
        [ms, holdId],
      );
    await world.sleep(ms);
  }
  const stateOf = async ({ holdId }: Held): Promise<string> => (await world.query((em) => readHold(em, holdId))).state;
  const warned = ({ email }: Held, times = 1): Promise<void> =>
    world.until(async () => (await mailsTo(email)).length === times, `${times} warnings`, 0);
  const audit = ({ holdId }: Held): Promise<object[]> =>
    world.shop.rows('select action from audit_log where object_id = ?', [holdId]);

  test('a hold is kept, warned of a minute before its end, and given back at its end', async () => {
    const hold = await held();
    await pass(hold, 3.5 * MINUTE);
    expect(await mailsTo(hold.email)).toEqual([]);
    await pass(hold, MINUTE);
    await warned(hold);
    expect(await world.stock(hold.variantId)).toEqual([5, 2]);
    await pass(hold, MINUTE);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('expired');
    expect([await stateOf(hold), await world.stock(hold.variantId)]).toEqual(['expired', [5, 0]]);
    expect(await audit(hold)).toEqual([{ action: 'reservation.expired' }]);
    expect(await mailsTo(hold.email)).toHaveLength(1);
    expect(await historyText(world.handle(hold.workflowId))).not.toContain('example.com');
  });

  test('a hold, extended after its warning, lives on and is warned of once more', async () => {
    const hold = await held();
    await pass(hold, 4.5 * MINUTE);
    await warned(hold);
    await world.transact((em) => extendHold(em, hold.cartId, HOLD));
    await world.flows.signal(hold.workflowId, 'holdChanged');
    await pass(hold, 4 * MINUTE);
    expect([await stateOf(hold), await world.stock(hold.variantId)]).toEqual(['live', [5, 2]]);
    await pass(hold, MINUTE);
    await warned(hold, 2);
    await pass(hold, MINUTE);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('expired');
    expect(await world.stock(hold.variantId)).toEqual([5, 0]);
    expect(await mailsTo(hold.email)).toHaveLength(2);
  });

  test('a hold, extended without the flow being told, is not ended before its new end', async () => {
    const hold = await held();
    await pass(hold, 4.5 * MINUTE);
    await world.transact((em) => extendHold(em, hold.cartId, HOLD));
    await pass(hold, MINUTE);
    await world.wait(300);
    expect([await stateOf(hold), await world.stock(hold.variantId)]).toEqual(['live', [5, 2]]);
    await pass(hold, HOLD);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('expired');
  });

  test.each([
    ['signalled', true],
    ['not signalled', false],
  ])('a hold, released by its customer and %s, ends its flow', async (_, told) => {
    const hold = await held();
    await world.transact((em) => releaseHold(em, hold.cartId));
    if (told) await world.flows.signal(hold.workflowId, 'holdChanged');
    else await world.sleep(5 * MINUTE);
    await expect(world.ended(hold.workflowId, told ? 0 : 1_000)).resolves.toBe('ended');
    expect([await stateOf(hold), await world.stock(hold.variantId)]).toEqual(['released', [5, 0]]);
    expect([await mailsTo(hold.email), await audit(hold)]).toEqual([[], []]);
  });

  test('a hold, bought, hands its stock to the checkout and ends its flow', async () => {
    const hold = await held();
    const ids = await world.accept(hold.cartId, { contact: { email: hold.email, phone: null } });
    await world.flows.checkoutOutcome(ids.checkoutId, { orderId: ids.orderId, customerId: null }, 8_000);
    await world.ended(checkoutWorkflowId(ids.checkoutId));
    expect([await stateOf(hold), await world.stock(hold.variantId)]).toEqual(['handed_over', [3, 0]]);
    await world.sleep(5 * MINUTE);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('ended');
    expect(await audit(hold)).toEqual([]);
  });

  test('a hold, while the mail server is down, is given back in time', async () => {
    const hold = await held();
    Object.assign(world.delivery, { mail: () => Promise.reject(new Error('down')) });
    await pass(hold, 4.2 * MINUTE);
    await world.until(async () => world.faults.calls('sendHoldWarning') > 1, 'a failing warning', 1_000);
    await pass(hold, MINUTE);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('expired');
    expect(await world.stock(hold.variantId)).toEqual([5, 0]);
    const { typedSearchAttributes } = await world.handle(hold.workflowId).describe();
    expect(typedSearchAttributes.get(NEEDS_ATTENTION) ?? false).toBe(false);
  });

  test.each(
    ['readHold', 'markHoldWarned', 'sendHoldWarning', 'expireHold'].flatMap((step) => [
      [step, 'before', before] as const,
      [step, 'after', after] as const,
    ]),
  )('a hold, when %s fails once %s its effect, is warned of once and ended once', async (step, _, fault) => {
    world.faults.once(step, fault);
    const hold = await held();
    await pass(hold, 4.2 * MINUTE);
    await world.until(async () => (await mailsTo(hold.email)).length === 1, 'the warning', 500);
    await pass(hold, MINUTE);
    await expect(world.ended(hold.workflowId, 1_000)).resolves.toBe('expired');
    expect(await mailsTo(hold.email)).toHaveLength(1);
    expect(await audit(hold)).toHaveLength(1);
    expect(await world.stock(hold.variantId)).toEqual([5, 0]);
    expect(world.faults.calls(step)).toBeGreaterThan(1);
  });

  test('the sweep, of overdue holds without a flow, gives back those alone', async () => {
    const [overdue, young] = [await world.variant(5), await world.variant(5)];
    const hold = async (variantId: string): Promise<string> => {
      const cartId = await world.cart([{ variantId, quantity: 2 }]);
      return (await world.transact((em) => holdCart(em, cartId, HOLD))).id;
    };
    const [first] = [await hold(overdue), await hold(young)];
    await world.shop.run(`update cart_holds set expires_at = now() - interval '20 seconds' where id = ?`, [first]);
    const workflowId = `sweep-${newId()}`;
    await world.start('reservationSweep', workflowId);
    await expect(world.ended(workflowId)).resolves.toMatchObject({ holds: 1, checkouts: 0 });
    expect([await world.stock(overdue), await world.stock(young)]).toEqual([
      [5, 0],
      [5, 2],
    ]);
  });

  test('the sweep, of more than one lot, ends all of them, a lot in each step', async () => {
    const variantId = await world.variant(2_000);
    await overdueHolds(world.query, [variantId], 250);
    const workflowId = `sweep-${newId()}`;
    const before = world.faults.calls('endOverdueHolds');
    await world.start('reservationSweep', workflowId);
    await expect(world.ended(workflowId)).resolves.toMatchObject({ holds: 250 });
    expect(await world.stock(variantId)).toEqual([2_000, 0]);
    // Three lots of 100 rows at most, and a look that finds none.
    expect(world.faults.calls('endOverdueHolds') - before).toBe(4);
  });

  test('the sweep, that goes on where a long history ended, takes over what comes after, and counts on', async () => {
    const swept = { holds: 7, checkouts: 5, untold: 3 };
    const workflowId = `sweep-${newId()}`;
    const hold = await world.variant(5);
    await overdueHolds(world.query, [hold], 1);
    await world.start('reservationSweep', workflowId, { swept, stage: 'messages', after: newId() });
    await expect(world.ended(workflowId)).resolves.toEqual(swept);
    expect(await world.stock(hold)).toEqual([5, 1]);
    await world.start('reservationSweep', `${workflowId}-next`);
    await expect(world.ended(`${workflowId}-next`)).resolves.toMatchObject({ holds: 1 });
  });
});
