import { storePaymentEvent } from '../../../src/domain/payments/index.js';
import { openRefundDesk, type RefundDesk } from '../../support/builders/refund-desk.js';

let desk: RefundDesk;
beforeAll(async () => {
  desk = await openRefundDesk();
});
afterEach(async () => {
  await desk.assertStock();
  await desk.reset();
});
afterAll(() => desk.close());

const movements = async (checkoutId: string) =>
  (await desk.ledger(checkoutId)).map(({ type, amount }) => `${type} ${amount}`);
const GIVEN_ANEW = ['capture 2499', 'refund 2499', 'refund 2499', 'refund_reversal 2499'];
const GIVEN_ANEW_TWICE = [
  'capture 2499',
  ...Array<string>(3).fill('refund 2499'),
  ...Array<string>(2).fill('refund_reversal 2499'),
];
const toldOf = (orderId: string) => desk.shop.rows('select channel from notifications where subject_id = ?', [orderId]);

async function refundsAt(intentId: string, status: string): Promise<readonly string[]> {
  const { data } = await desk.provider.stripe.refunds.list({ payment_intent: intentId });
  return data.filter((refund) => refund.status === status).map(({ id }) => id);
}

async function settle(intentId: string, from: string, status: 'succeeded' | 'failed'): Promise<void> {
  const [id] = await refundsAt(intentId, from);
  await desk.provider.post(`/test/refunds/${id}/settle`, { status });
}

/** A checkout that ended unpaid while its money was taken. */
async function taken(card = 'pm_card_visa') {
  const { checkoutId, orderId } = await desk.due(card);
  await desk.payments.authorisePayment({ checkoutId, attempt: 1 });
  const intentId = (await desk.attempt(checkoutId))?.intent_id ?? '';
  await desk.provider.stripe.paymentIntents.capture(intentId);
  await desk.shut(checkoutId);
  return { checkoutId, orderId, intentId };
}

/** The same, given back. */
async function undone(card = 'pm_card_visa') {
  const { checkoutId, orderId, intentId } = await taken(card);
  await desk.payments.voidPayment({ checkoutId }).catch(() => settle(intentId, 'pending', 'succeeded'));
  await desk.payments.voidPayment({ checkoutId });
  await desk.end(checkoutId);
  return { checkoutId, orderId, intentId };
}

test('bookRefunds, of money without an order that its bank sent back, books that and gives it back anew, once however often it is told', async () => {
  const { checkoutId, orderId, intentId } = await undone();
  expect(await movements(checkoutId)).toEqual(['capture 2499', 'refund 2499']);
  await settle(intentId, 'succeeded', 'failed');
  expect(desk.moved(checkoutId).refunded).toBe(0);
  await Promise.all([1, 2, 3].map(() => desk.told(intentId)));
  await expect(desk.told(intentId)).resolves.toEqual({ waiting: [] });
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW);
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(1);
  expect(await toldOf(orderId)).toHaveLength(2);
});

test('bookRefunds, of money that was given back anew and is pending, stays open until the bank says so, and then books it', async () => {
  const { checkoutId, intentId } = await undone('pm_card_pendingRefund');
  await settle(intentId, 'succeeded', 'failed');
  await expect(desk.told(intentId)).rejects.toThrow('refund: pending');
  await expect(desk.told(intentId)).rejects.toThrow('refund: pending');
  expect(await movements(checkoutId)).toEqual(['capture 2499', 'refund 2499', 'refund_reversal 2499']);
  await settle(intentId, 'pending', 'succeeded');
  await desk.told(intentId);
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW);
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
});

test('bookRefunds, of money that its bank sends back each time, gives it anew twice and then waits for a person', async () => {
  const { checkoutId, intentId } = await undone();
  for (const again of [1, 2]) {
    await settle(intentId, 'succeeded', 'failed');
    await expect(desk.told(intentId)).resolves.toEqual({ waiting: [] });
    expect(await refundsAt(intentId, 'failed')).toHaveLength(again);
  }
  await settle(intentId, 'succeeded', 'failed');
  for (const _ of [1, 2]) await expect(desk.told(intentId)).rejects.toThrow('refund: its bank sent it back 3 times');
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(0);
  expect(await movements(checkoutId)).toEqual([...GIVEN_ANEW_TWICE, 'refund_reversal 2499']);
});

test('bookRefunds, of money that its bank sends back while it is given, gives it back anew', async () => {
  const { checkoutId, intentId } = await undone();
  await settle(intentId, 'succeeded', 'failed');
  let refused = false;
  const swift = desk.refundsWith({
    refund: async (request) => {
      const answer = await desk.gateway.refund(request);
      if (!refused) await settle(intentId, 'succeeded', 'failed');
      refused = true;
      return answer;
    },
  });
  await swift.bookRefunds(await desk.heard(intentId));
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(1);
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW_TWICE);
});

test('bookRefunds, whose worker slept while another gave the money anew, takes what it books late out of the books', async () => {
  const { checkoutId, intentId } = await undone();
  await settle(intentId, 'succeeded', 'failed');
  let slept = false;
  const sleeper = desk.refundsWith({
    refund: async (request) => {
      const answer = await desk.gateway.refund(request);
      if (!slept) {
        slept = true;
        await settle(intentId, 'succeeded', 'failed');
        await desk.told(intentId);
      }
      return answer;
    },
  });
  await sleeper.bookRefunds(await desk.heard(intentId));
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(1);
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW_TWICE);
});

test('bookRefunds, killed before the new refund is booked, makes no other', async () => {
  const { checkoutId, intentId } = await undone();
  await settle(intentId, 'succeeded', 'failed');
  const event = await desk.heard(intentId);
  const killed = desk.refundsWith({
    refund: async (request) => {
      await desk.gateway.refund(request);
      throw new Error('killed');
    },
  });
  await expect(killed.bookRefunds(event)).rejects.toThrow('killed');
  await desk.refunds.bookRefunds(event);
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW);
  expect(desk.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
});

test('bookRefunds, of money beside a placed order that its bank sent back, gives that back anew and leaves the order its own', async () => {
  const { checkoutId, intentId } = await desk.bought();
  const { id: stray } = await desk.provider.stripe.paymentIntents.create({
    amount: 1_000,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    allowed_payment_method_types: ['card'],
    metadata: { checkout_id: checkoutId, attempt: '1' },
  });
  const captured = { kind: 'captured', intentId: stray, chargeId: 'c' } as const;
  await desk.transact((em) => storePaymentEvent(em, desk.event(checkoutId, captured)));
  await desk.payments.voidPayment({ checkoutId });
  await settle(stray, 'succeeded', 'failed');
  await desk.told(stray);
  expect((await movements(checkoutId)).toSorted()).toEqual([
    'capture 1000',
    'capture 2499',
    'refund 1000',
    'refund 1000',
    'refund_reversal 1000',
  ]);
  expect(await refundsAt(stray, 'succeeded')).toHaveLength(1);
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(0);
});

test('bookRefunds, while the undo of a checkout is at it, leaves the money to it', async () => {
  const { checkoutId, intentId } = await taken('pm_card_pendingRefund');
  await expect(desk.payments.voidPayment({ checkoutId })).rejects.toThrow('refund: pending');
  await expect(desk.told(intentId)).resolves.toEqual({ waiting: [] });
  await settle(intentId, 'pending', 'succeeded');
  await desk.payments.voidPayment({ checkoutId });
  expect(await movements(checkoutId)).toEqual(['capture 2499', 'refund 2499']);
});

test('voidPayment, killed once it was done, while what it gave was sent back and heard of too early, gives it back anew', async () => {
  const { checkoutId, intentId } = await taken();
  let looks = 0;
  const killed = desk.withGateway({
    refund: async (request) => {
      const answer = await desk.gateway.refund(request);
      await settle(intentId, 'succeeded', 'failed');
      await expect(desk.told(intentId)).resolves.toEqual({ waiting: [] });
      return answer;
    },
    refundsOf: (id) => {
      looks += 1;
      return looks === 1 ? desk.gateway.refundsOf(id) : Promise.reject(new Error('killed'));
    },
  });
  await expect(killed.payments.voidPayment({ checkoutId })).rejects.toThrow('killed');
  expect((await desk.attempt(checkoutId))?.outcome).toBe('voided');
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(0);
  await desk.payments.voidPayment({ checkoutId });
  await desk.payments.voidPayment({ checkoutId });
  expect(await refundsAt(intentId, 'succeeded')).toHaveLength(1);
  expect(await movements(checkoutId)).toEqual(GIVEN_ANEW);
});
