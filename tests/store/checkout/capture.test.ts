import { createHash } from 'node:crypto';
import {
  beginCapture,
  begunAuthorisations,
  recordCapture,
  recordCaptureRefused,
  recordTaken,
  recordVoided,
} from '../../../src/domain/checkout/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { moveOrder } from '../../../src/domain/orders/index.js';
import { codeOf, openMarket, usd, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

async function placed() {
  const variantId = await market.variant(5);
  const { checkoutId, orderId } = await market.reserved([{ variantId, quantity: 2 }]);
  await market.place(checkoutId);
  const capture = await market.query((em) => beginCapture(em, checkoutId));
  return { variantId, checkoutId, orderId, capture };
}
const captured = (chargeId: string, amount = usd(2_499)) => ({ kind: 'captured', chargeId, amount }) as const;
const ledgerOf = (checkoutId: string) =>
  market.shop.rows('select type, reference, amount from payment_ledger where checkout_id = ? order by id', [
    checkoutId,
  ]);
const orderOf = async (orderId: string) =>
  (
    await market.shop.rows<object>(
      `select o.status, p.status as payment, p.captured_amount as captured from orders o join payments p on p.order_id = o.id where o.id = ?`,
      [orderId],
    )
  )[0];

test('recordCapture, twice and at once, writes one ledger row and confirms once', async () => {
  const { checkoutId, orderId, capture } = await placed();
  const charge = captured(`ch_${newId()}`);
  const record = () => market.transact((em) => recordCapture(em, checkoutId, capture, charge));
  const answers = await Promise.all([record(), record(), record()]);
  answers.push(await record());
  expect(answers.filter(({ first }) => first)).toHaveLength(1);
  expect(await ledgerOf(checkoutId)).toEqual([{ type: 'capture', reference: charge.chargeId, amount: 2_499 }]);
  expect(await orderOf(orderId)).toEqual({ status: 'confirmed', payment: 'captured', captured: 2_499 });
  expect(await market.stepsOf(checkoutId)).toEqual(['stock_reserved', 'order_placed', 'payment_captured']);
});

test('beginCapture, repeated, continues the same attempt', async () => {
  const { checkoutId, capture } = await placed();
  await expect(market.query((em) => beginCapture(em, checkoutId))).resolves.toEqual(capture);
  expect(capture.attempt.key).toBe(`${checkoutId}:capture:1`);
  expect(await codeOf(market.query((em) => beginCapture(em, newId())))).toBe('not_found');
});

test('beginCapture goes on with an attempt whose hash an earlier release wrote, and with no other', async () => {
  const { checkoutId, capture } = await placed();
  const write = (parameters: object) =>
    market.shop.run(`update payment_attempts set parameter_hash = ? where id = ?`, [
      createHash('sha256').update(JSON.stringify(parameters)).digest('hex'),
      capture.attempt.id,
    ]);
  const begin = () => market.query((em) => beginCapture(em, checkoutId));
  await write({ intentId: capture.intentId, ...capture.amount });
  await expect(begin()).resolves.toEqual(capture);
  await write({ intentId: capture.intentId, ...usd(1) });
  await expect(begin()).rejects.toThrow('was begun with other parameters');
});

test.each([
  ['another amount', usd(2_498)],
  ['another currency', { amount: 2_499, currency: 'EUR' }],
])('recordCapture, of %s, writes nothing and is for a person to see', async (_, amount) => {
  const { checkoutId, orderId, capture } = await placed();
  await expect(
    market.transact((em) => recordCapture(em, checkoutId, capture, captured(`ch_${newId()}`, amount))),
  ).rejects.toThrow(checkoutId);
  expect(await ledgerOf(checkoutId)).toEqual([]);
  expect(await orderOf(orderId)).toMatchObject({ status: 'pending' });
});

test('recordCaptureRefused, twice and at once, cancels and restocks once', async () => {
  const { variantId, checkoutId, orderId, capture } = await placed();
  const refuse = () => market.transact((em) => recordCaptureRefused(em, checkoutId, capture, 'expired'));
  const answers = await Promise.all([refuse(), refuse()]);
  answers.push(await refuse());
  expect(answers.filter(({ first }) => first)).toHaveLength(1);
  expect(await market.stock(variantId)).toEqual([5, 0]);
  expect(await orderOf(orderId)).toEqual({ status: 'cancelled', payment: 'failed', captured: 0 });
  expect(await ledgerOf(checkoutId)).toEqual([]);
  expect((await market.stepsOf(checkoutId)).at(-1)).toBe('payment_refused');
});

test('recordCaptureRefused, of an order that is captured, refuses and leaves the goods sold', async () => {
  const { variantId, checkoutId, orderId, capture } = await placed();
  await market.transact((em) => recordCapture(em, checkoutId, capture, captured(`ch_${newId()}`)));
  expect(await codeOf(market.transact((em) => recordCaptureRefused(em, checkoutId, capture, 'late')))).toBe(
    'invalid_transition',
  );
  expect(await market.stock(variantId)).toEqual([3, 0]);
  expect(await orderOf(orderId)).toMatchObject({ status: 'confirmed', payment: 'captured' });
});

test('moveOrder, to where it may not go, changes nothing; to where it is, nothing either', async () => {
  const { orderId } = await placed();
  const move = (to: 'shipped' | 'confirmed') => market.transact((em) => moveOrder(em, orderId, to));
  expect(await codeOf(move('shipped'))).toBe('invalid_transition');
  expect([await move('confirmed'), await move('confirmed')]).toEqual([true, false]);
  await expect(
    market.shop.rows('select type from order_events where order_id = ? order by id', [orderId]),
  ).resolves.toEqual([{ type: 'placed' }, { type: 'confirmed' }]);
});

test('recordTaken and recordVoided, repeated and at once, write each movement and the step once', async () => {
  const { checkoutId } = await market.reserved([{ variantId: await market.variant(5), quantity: 2 }]);
  await market.begin(checkoutId);
  const [begun] = await market.query((em) => begunAuthorisations(em, checkoutId));
  if (begun === undefined) throw new Error('nothing began');
  const amount = usd(2_499);
  const chargeId = `ch_${newId()}`;
  const refund = { reference: `re_${newId()}`, amount, status: 'succeeded' } as const;
  const undone = { checkoutId, attemptId: begun.attempt.id, provider: 'stripe', intentId: `pi_${checkoutId}` };
  const record = async () => {
    await market.transact((em) => recordTaken(em, { ...undone, chargeId, amount }, [refund]));
    await market.transact((em) => recordVoided(em, undone));
  };
  await Promise.all([record(), record()]);
  await record();
  expect(await ledgerOf(checkoutId)).toEqual([
    { type: 'capture', reference: chargeId, amount: 2_499 },
    { type: 'refund', reference: refund.reference, amount: 2_499 },
  ]);
  expect(await market.stepsOf(checkoutId)).toEqual(['stock_reserved', 'payment_voided']);
});

test('the ledger can be neither changed nor deleted', async () => {
  const { checkoutId, capture } = await placed();
  await market.transact((em) => recordCapture(em, checkoutId, capture, captured(`ch_${newId()}`)));
  for (const sql of ['update payment_ledger set amount = 1', 'delete from payment_ledger', 'truncate payment_ledger'])
    await expect(market.shop.run(sql, [])).rejects.toThrow('append-only');
  expect(await ledgerOf(checkoutId)).toHaveLength(1);
});
