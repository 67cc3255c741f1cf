import type { SecuredPayment } from '../../../src/domain/checkout/index.js';
import { collectDue } from '../../../src/domain/payments/index.js';
import { openTill, untilDone, type Till } from '../../support/builders/till.js';

const DAY = 86_400_000;

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterEach(async () => {
  await till.assertStock();
  await till.reset();
});
afterAll(() => till.close());

async function placed() {
  const due = await till.due();
  const { heard: _, ...payment } = await till.payments.authorisePayment({ checkoutId: due.checkoutId, attempt: 1 });
  await till.checkouts.placeOrder({ checkoutId: due.checkoutId, payment: payment as SecuredPayment });
  return due;
}
const capture = (checkoutId: string) => till.checkouts.capturePayment({ checkoutId });
const orderOf = async (orderId: string) => {
  const [row] = await till.shop.rows<object>(
    `select o.status, p.status as payment, (select count(*) from notifications n where n.subject_id = o.id and n.channel = 'email') as mails
     from orders o join payments p on p.order_id = o.id where o.id = ?`,
    [orderId],
  );
  return row;
};
const intentOf = async (checkoutId: string) => (await till.attempt(checkoutId))?.intent_id ?? '';
const CONFIRMED = { status: 'confirmed', payment: 'captured', mails: 1 };

test('capturePayment, however often and at once it runs, takes the money once and tells of it once', async () => {
  const { checkoutId, orderId } = await placed();
  const run = () => untilDone(() => capture(checkoutId));
  await expect(Promise.all([run(), run()])).resolves.toEqual([
    { orderId, captured: true },
    { orderId, captured: true },
  ]);
  await expect(capture(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(till.moved(checkoutId)).toMatchObject({ held: 0, captured: 2_499, captures: 1 });
  expect(await till.ledger(checkoutId)).toEqual([{ type: 'capture', amount: 2_499 }]);
  expect(await orderOf(orderId)).toEqual(CONFIRMED);
});

test.each([
  'drop',
  'drop_after_commit',
  'timeout_before',
  'timeout_after_commit',
  'fail_500_before',
  'fail_500_after_commit',
  'unavailable',
])('capturePayment, under %s, is no answer, and takes the money once when it runs again', async (kind) => {
  const { checkoutId, orderId } = await placed();
  await till.fault(kind);
  await expect(capture(checkoutId)).rejects.toThrow('capture');
  expect(await orderOf(orderId)).toMatchObject({ status: 'pending', mails: 0 });
  await expect(capture(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, captures: 1 });
  expect(await till.ledger(checkoutId)).toHaveLength(1);
});

test('capturePayment, killed between the capture and its record, and run a day later, records the one capture', async () => {
  const { checkoutId, orderId } = await placed();
  const { checkouts } = till.withGateway({
    capture: async (request) => {
      await till.gateway.capture(request);
      throw new Error('killed');
    },
  });
  await expect(checkouts.capturePayment({ checkoutId })).rejects.toThrow('killed');
  await till.later(25 * 3_600_000);
  await expect(capture(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, captures: 1 });
  expect(await till.ledger(checkoutId)).toHaveLength(1);
});

test('capturePayment, definitely refused, cancels the order, restocks once and tells the customer once', async () => {
  const { variantId, checkoutId, orderId } = await placed();
  await till.provider.stripe.paymentIntents.cancel(await intentOf(checkoutId));
  for (let round = 0; round < 2; round += 1)
    await expect(capture(checkoutId)).resolves.toEqual({ orderId, captured: false });
  expect(await till.stock(variantId)).toEqual([5, 0]);
  expect(await orderOf(orderId)).toEqual({ status: 'cancelled', payment: 'failed', mails: 1 });
  expect(till.moved(checkoutId)).toMatchObject({ held: 0, captured: 0 });
  expect(await till.ledger(checkoutId)).toEqual([]);
});

test('capturePayment, without an answer until the hold’s last hour, voids first and then cancels', async () => {
  const { variantId, checkoutId, orderId } = await placed();
  const { checkouts } = till.withGateway({ capture: async () => ({ kind: 'unknown', reason: 'timeout' }) });
  await expect(checkouts.capturePayment({ checkoutId })).rejects.toThrow('capture: timeout');
  await till.later(7 * DAY - 1_800_000);
  await expect(checkouts.capturePayment({ checkoutId })).resolves.toEqual({ orderId, captured: false });
  expect(till.moved(checkoutId)).toMatchObject({ held: 0, captured: 0 });
  expect(await till.stock(variantId)).toEqual([5, 0]);
  // The capture that was frozen wakes up.
  await expect(
    till.gateway.capture({
      key: 'late',
      intentId: await intentOf(checkoutId),
      amount: { amount: 2_499, currency: 'USD' },
    }),
  ).resolves.toMatchObject({ kind: 'refused' });
});

test('capturePayment, in the hold’s last hour, whose lost capture came through, keeps the order', async () => {
  const { checkoutId, orderId } = await placed();
  await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId));
  await till.later(7 * DAY - 1_800_000);
  const { checkouts } = till.withGateway({ capture: async () => ({ kind: 'unknown', reason: 'timeout' }) });
  await expect(checkouts.capturePayment({ checkoutId })).rejects.toThrow('captured after all');
  await expect(capture(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(await orderOf(orderId)).toEqual(CONFIRMED);
});

test('capturePayment, of a payment on delivery, confirms the order without asking anyone', async () => {
  const { checkoutId, orderId } = await till.due();
  await till.place(checkoutId, { kind: 'due', intentId: `due_${checkoutId}` });
  const { checkouts } = till.withGateway({
    capture: () => {
      throw new Error('asked');
    },
  });
  for (let round = 0; round < 2; round += 1)
    await expect(checkouts.capturePayment({ checkoutId })).resolves.toEqual({ orderId, captured: true });
  expect(await orderOf(orderId)).toEqual({ status: 'confirmed', payment: 'due', mails: 1 });
});

test('collectDue, of what a card pays, before and after it is taken, changes nothing', async () => {
  const { checkoutId, orderId } = await placed();
  const collect = () => till.transact((em) => collectDue(em, orderId));
  await collect();
  expect(await orderOf(orderId)).toMatchObject({ payment: 'authorised' });
  await capture(checkoutId);
  await collect();
  expect(await till.ledger(checkoutId)).toEqual([{ type: 'capture', amount: 2_499 }]);
});

test('an order’s whole way, from the shelf to the ledger, moves one amount', async () => {
  const { checkoutId, orderId } = await placed();
  await capture(checkoutId);
  const [row] = await till.shop.rows<Record<string, number>>(
    `select o.total_amount as total, p.amount, p.captured_amount as captured, k.total_amount as quoted,
       (select sum(line_total_amount - discount_amount) from order_lines where order_id = o.id)::bigint
         + o.shipping_amount + case when o.prices_include_tax then 0 else o.tax_amount end as summed,
       (select sum(amount) from payment_ledger where checkout_id = k.id)::bigint as booked
     from orders o join payments p on p.order_id = o.id join checkouts k on k.id = o.checkout_id where o.id = ?`,
    [orderId],
  );
  expect(new Set(Object.values(row ?? {}))).toEqual(new Set([till.moved(checkoutId).captured]));
});
