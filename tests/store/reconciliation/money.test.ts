import { newId } from '../../../src/domain/kernel/ids.js';
import type { PaymentGateway } from '../../../src/domain/payments/index.js';
import { findMoneySince, type Difference } from '../../../src/domain/reconciliation/index.js';
import { createStripeStatements } from '../../../src/infra/stripe/statements.js';
import { openRefundDesk, type RefundDesk } from '../../support/builders/refund-desk.js';
import { createReconciler, NOBODY } from '../../support/reconciliation.js';
import { describeWith } from '../../support/services.js';
import { SECRET_KEY } from '../../unit/simulators/stripe-bench.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const TOTAL = 2_499;

describeWith('postgres', 'reconciliation of money', () => {
  let desk: RefundDesk;
  let books: ReturnType<typeof createReconciler>;
  const started: string[] = [];
  beforeAll(async () => {
    desk = await openRefundDesk();
    books = createReconciler({
      ...NOBODY,
      ...desk,
      gateways: new Map<string, PaymentGateway>([['stripe', desk.gateway]]),
      statements: [createStripeStatements({ secretKey: SECRET_KEY, apiUrl: desk.provider.url })],
      flows: {
        state: async (id) => (id.includes('running') ? 'running' : 'absent'),
        start: async (flow, workflowId) => void started.push(`${flow} ${workflowId}`),
      },
    });
  });
  afterAll(() => desk.close());

  /** Nothing of this checkout moved of late. */
  async function settled(checkoutId: string): Promise<void> {
    const past = `now() - interval '1 hour'`;
    for (const [table, columns] of [
      ['checkouts', ['updated_at', 'closed_at']],
      ['payment_attempts', ['begun_at', 'settled_at']],
      ['checkout_steps', ['at']],
      ['orders', ['updated_at']],
      ['payments', ['updated_at']],
    ] as const)
      await desk.shop.run(
        `update ${table} set ${columns.map((name) => `${name} = case when ${name} is null then null else ${past} end`).join(', ')}
         where ${table === 'checkouts' ? 'id' : 'checkout_id'} = ?`,
        [checkoutId],
      );
    await desk.query(async (em) => {
      await em.transactional(async (inner) => {
        await inner.execute('alter table payment_ledger disable trigger all');
        await inner.execute(`update payment_ledger set created_at = ${past} where checkout_id = ?`, [checkoutId]);
        await inner.execute('alter table payment_ledger enable trigger all');
      });
    });
  }

  async function found(checkoutId: string): Promise<readonly Difference[]> {
    await settled(checkoutId);
    await books.run('money');
    return books.about(checkoutId);
  }

  const take = (intentId: string, amount = TOTAL) =>
    desk.gateway.capture({ key: newId(), intentId, amount: usd(amount) });
  const dashboard = (intentId: string, amount: number) =>
    desk.gateway.refund({ key: newId(), intentId, amount: usd(amount), reason: 'goodwill' });

  /** A checkout that ended unpaid, whose money was taken all the same. */
  async function takenOfNobody(): Promise<{ checkoutId: string; intentId: string }> {
    const { checkoutId } = await desk.due();
    await desk.undo(checkoutId);
    const paid = await desk.gateway.authorise({
      key: newId(),
      checkoutId,
      attempt: 9,
      amount: usd(TOTAL),
      paymentMethod: 'pm_card_visa',
    });
    if (paid.kind !== 'authorised') throw new Error(paid.kind);
    await take(paid.intentId);
    return { checkoutId, intentId: paid.intentId };
  }

  test('books that agree are no difference', async () => {
    const { checkoutId, intentId, orderId } = await desk.bought();
    await dashboard(intentId, 500);
    await desk.told(intentId);
    expect(await found(checkoutId)).toEqual([]);
    expect((await desk.books(orderId)).payment?.refunded).toBe(500);
  });

  test('what moved of late is left alone, as its flow may be half done', async () => {
    const { checkoutId, intentId } = await desk.placed();
    await take(intentId);
    await books.run('money');
    expect(await books.about(checkoutId)).toEqual([]);
  });

  test('a capture of an order that nobody booked is booked once, with payment, order and message', async () => {
    const { checkoutId, orderId, intentId } = await desk.placed();
    await take(intentId);
    expect(await found(checkoutId)).toMatchObject([{ kind: 'capture_not_booked', state: 'repaired' }]);
    const { order, payment, told } = await desk.books(orderId);
    expect([order, payment?.status, told]).toEqual(['confirmed', 'captured', ['order_confirmed']]);
    expect(await desk.ledger(checkoutId)).toEqual([{ type: 'capture', amount: TOTAL }]);
    expect(await found(checkoutId)).toHaveLength(1);
  });

  test('a refund of an order that nobody booked is booked as the provider’s event would have it', async () => {
    const { checkoutId, orderId, intentId } = await desk.bought();
    await dashboard(intentId, 700);
    expect(await found(checkoutId)).toMatchObject([{ kind: 'refund_not_booked', state: 'repaired' }]);
    const { ledger, payment, refunds } = await desk.books(orderId);
    expect([ledger, payment?.refunded]).toEqual([['refund 700'], 700]);
    expect(refunds).toMatchObject([{ status: 'succeeded', amount: 700, origin: 'provider' }]);
    expect(await found(checkoutId)).toHaveLength(1);
  });

  test('a refund of a payment that is older than what is listed is found by the refund', async () => {
    const { checkoutId, intentId } = await desk.bought();
    await dashboard(intentId, 300);
    const statements = createStripeStatements({ secretKey: SECRET_KEY, apiUrl: desk.provider.url });
    await desk.later(3_600_000);
    await dashboard(intentId, 200);
    const told = [];
    for await (const each of statements.list(new Date(Date.now() + 1_800_000)))
      if (each.checkoutId === checkoutId) told.push(each);
    expect(told.map(({ movements }) => movements.map(({ type, amount }) => [type, amount.amount]))).toEqual([
      [
        ['capture', TOTAL],
        ['refund', 200],
        ['refund', 300],
      ],
    ]);
  });

  test('another amount than the order’s is left to a person', async () => {
    const { checkoutId, orderId, intentId } = await desk.placed();
    await take(intentId, 1_000);
    expect(await found(checkoutId)).toMatchObject([
      { kind: 'captured_otherwise', action: 'by_hand', state: 'awaiting_approval', found: { amount: TOTAL } },
    ]);
    expect((await desk.books(orderId)).order).toBe('pending');
    expect(await desk.ledger(checkoutId)).toEqual([]);
  });

  test('a movement that only the ledger knows is left to a person', async () => {
    const { checkoutId } = await desk.bought();
    await desk.shop.run(
      `insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
       values (?, ?, 'stripe', 'pi_nobody', 'refund', ?, 1, 'USD')`,
      [newId(), checkoutId, newId()],
    );
    const [difference] = await found(checkoutId);
    expect(difference).toMatchObject({ kind: 'booked_only', action: 'by_hand', state: 'awaiting_approval' });
    if (difference === undefined) return;
    await expect(books.decide(difference, 'approved', desk.staffId)).rejects.toMatchObject({
      code: 'invalid_transition',
    });
    await books.decide(difference, 'rejected', desk.staffId);
    expect(await found(checkoutId)).toMatchObject([{ state: 'rejected' }]);
  });

  test('money without an order is kept until a person approves, then goes back once, however often it is tried', async () => {
    const { checkoutId } = await takenOfNobody();
    const [difference] = await found(checkoutId);
    if (difference === undefined) throw new Error('nothing was found');
    expect(difference).toMatchObject({
      kind: 'money_without_order',
      state: 'awaiting_approval',
      found: { kept: TOTAL },
    });
    expect(desk.moved(checkoutId).refunded).toBe(0);
    await books.decide(difference, 'approved', desk.staffId);
    const ends = await Promise.allSettled([books.mend(difference), books.mend(difference)]);
    expect(ends.some((end) => end.status === 'fulfilled' && end.value === 'repaired')).toBe(true);
    expect(await books.mend(difference)).toBe('repaired');
    expect(desk.moved(checkoutId)).toMatchObject({ captured: TOTAL, refunded: TOTAL });
    expect(await desk.ledger(checkoutId)).toEqual([
      { type: 'capture', amount: TOTAL },
      { type: 'refund', amount: TOTAL },
    ]);
    const told = await desk.shop.rows<{ event: string }>(
      `select n.event from notifications n join checkouts k on k.order_id = n.subject_id where k.id = ? and n.channel = 'email'`,
      [checkoutId],
    );
    expect(told).toEqual([{ event: 'payment_returned' }]);
    expect(await found(checkoutId)).toHaveLength(1);
  });

  test('money that began to go back by hand after it was approved is asked about anew, not given twice', async () => {
    const { checkoutId, intentId } = await takenOfNobody();
    const [difference] = await found(checkoutId);
    if (difference === undefined) throw new Error('nothing was found');
    await books.decide(difference, 'approved', desk.staffId);
    await dashboard(intentId, 500);
    expect(await books.mend(difference)).toBe('awaiting_approval');
    expect(desk.moved(checkoutId).refunded).toBe(500);
    const [anew] = await found(checkoutId);
    expect(anew).toMatchObject({ id: difference.id, state: 'awaiting_approval', found: { kept: TOTAL - 500 } });
    if (anew === undefined) return;
    await books.decide(anew, 'approved', desk.staffId);
    expect(await books.mend(anew)).toBe('repaired');
    expect(desk.moved(checkoutId).refunded).toBe(TOTAL);
    expect((await desk.ledger(checkoutId)).map(({ type, amount }) => `${type} ${amount}`).sort()).toEqual([
      'capture 2499',
      'refund 1999',
      'refund 500',
    ]);
    expect(await found(checkoutId)).toHaveLength(1);
  });

  test('money that was approved and that the bank sent back is given anew', async () => {
    const { checkoutId, intentId } = await takenOfNobody();
    const [difference] = await found(checkoutId);
    if (difference === undefined) throw new Error('nothing was found');
    await books.decide(difference, 'approved', desk.staffId);
    const metadata = { refund_key: `reconciliation:${difference.id}` };
    const { id } = await desk.provider.stripe.refunds.create({ payment_intent: intentId, metadata });
    await desk.provider.post(`/test/refunds/${id}/settle`, { status: 'failed' });
    expect(await books.mend(difference)).toBe('repaired');
    expect(desk.moved(checkoutId)).toMatchObject({ captured: TOTAL, refunded: TOTAL });
  });

  test('money without an order that the bank sent back, of which nobody heard, is given anew, and its first refund is taken out', async () => {
    const { checkoutId, intentId } = await takenOfNobody();
    const giveBack = async () => {
      const open = (await found(checkoutId)).find(({ state }) => state === 'awaiting_approval');
      if (open === undefined) throw new Error('nothing was found');
      await books.decide(open, 'approved', desk.staffId);
      expect(await books.mend(open)).toBe('repaired');
    };
    await giveBack();
    const [refund] = (await desk.provider.stripe.refunds.list({ payment_intent: intentId })).data;
    await desk.provider.post(`/test/refunds/${refund?.id}/settle`, { status: 'failed' });
    await giveBack();
    expect(desk.moved(checkoutId)).toMatchObject({ captured: TOTAL, refunded: TOTAL });
    expect((await desk.ledger(checkoutId)).map(({ type }) => type)).toEqual([
      'capture',
      'refund',
      'refund',
      'refund_reversal',
    ]);
    expect((await found(checkoutId)).every(({ state }) => state === 'repaired')).toBe(true);
  });

  test('money without an order that went back by hand is booked', async () => {
    const { checkoutId, intentId } = await takenOfNobody();
    await dashboard(intentId, TOTAL);
    expect(await found(checkoutId)).toMatchObject([{ kind: 'not_booked', state: 'repaired' }]);
    expect((await desk.ledger(checkoutId)).map(({ type }) => type)).toEqual(['capture', 'refund']);
  });

  test('money of a checkout that the database forgot is listed, and goes back once a person approved it', async () => {
    const checkoutId = newId();
    const paid = await desk.gateway.authorise({
      key: newId(),
      checkoutId,
      attempt: 1,
      amount: usd(TOTAL),
      paymentMethod: 'pm_card_visa',
    });
    if (paid.kind !== 'authorised') throw new Error(paid.kind);
    await take(paid.intentId);
    const restoreId = newId();
    await desk.shop.run(
      `insert into restores (id, lost_since, restored_at) values (?, now() - interval '30 days', now() - interval '1 hour')`,
      [restoreId],
    );
    await books.run('money');
    expect(await books.about(checkoutId)).toEqual([]);

    await desk.shop.run(`update restores set restored_at = now() + interval '3 hours' where id = ?`, [restoreId]);
    await books.run('money');
    const [difference] = await books.about(checkoutId);
    if (difference === undefined) throw new Error('nothing was found');
    expect(difference).toMatchObject({
      kind: 'money_of_lost_checkout',
      state: 'awaiting_approval',
      found: { kept: TOTAL },
    });
    // while it waits it is looked at again each time, also where all checkouts that are known came later
    await desk.bought();
    const since = await desk.query((em) => findMoneySince(em, 0));
    expect(Date.now() - (since?.getTime() ?? Infinity)).toBeGreaterThan(29 * 86_400_000);
    expect(desk.moved(checkoutId).refunded).toBe(0);
    await books.decide(difference, 'approved', desk.staffId);
    expect(await books.mend(difference)).toBe('repaired');
    expect(await books.mend(difference)).toBe('repaired');
    expect(desk.moved(checkoutId)).toMatchObject({ captured: TOTAL, refunded: TOTAL });
    await books.run('money');
    expect(await books.about(checkoutId)).toHaveLength(1);
    await desk.shop.run('delete from restores where id = ?', [restoreId]);
  });

  test('an event of money that was never handled gets its flow, and one whose flow runs does not', async () => {
    const { checkoutId } = await desk.due();
    await desk.undo(checkoutId);
    const bought = await desk.bought();
    const ids = [`evt_${newId()}`, `evt_running_${newId()}`, `evt_${newId()}`, `evt_${newId()}`];
    const [late, running, refund, fresh] = ids;
    const store = (id: string | undefined, type: string, of: string, minutes: number) =>
      desk.shop.run(
        `insert into payment_events (id, provider, type, intent_id, checkout_id, outcome, created_at, received_at)
         values (?, 'stripe', ?, 'pi_x', ?, 'captured', now(), now() - ?::integer * interval '1 minute')`,
        [id, type, of, minutes],
      );
    await settled(checkoutId);
    await store(late, 'payment_intent.succeeded', checkoutId, 20);
    await store(running, 'payment_intent.succeeded', checkoutId, 20);
    await store(refund, 'charge.refunded', bought.checkoutId, 20);
    await store(fresh, 'payment_intent.succeeded', checkoutId, 1);
    await books.run('events');
    expect(started.sort()).toEqual([`paymentEvent payment-event-${late}`, `refundEvent refund-event-${refund}`].sort());
    expect(await books.about(late ?? '')).toMatchObject([{ state: 'repaired' }]);
    expect(await books.about(running ?? '')).toEqual([]);
  });
});
