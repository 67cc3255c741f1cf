import { storePaymentEvent } from '../../../src/domain/payments/index.js';
import { openTill, untilDone, type Till } from '../../support/builders/till.js';

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterEach(async () => {
  await till.assertStock();
  await till.reset();
});
afterAll(() => till.close());

const authorise = (checkoutId: string) => till.payments.authorisePayment({ checkoutId, attempt: 1 });
const intentOf = async (checkoutId: string) => (await till.attempt(checkoutId))?.intent_id ?? '';
const forget = () => till.provider.post('/test/keys/forget', {});
const LOST = ['drop_after_commit', 'timeout_after_commit', 'fail_500_after_commit'];

async function placed(card?: string) {
  const due = await till.due(card);
  const { heard: _, ...payment } = await authorise(due.checkoutId);
  await till.checkouts.placeOrder({ checkoutId: due.checkoutId, payment: payment as never });
  return due;
}

test.each(LOST)(
  'authorisePayment, whose answer was lost under %s and whose key is forgotten, holds once',
  async (kind) => {
    const { checkoutId } = await till.due();
    await till.fault(kind);
    await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
    await forget();
    await expect(authorise(checkoutId)).resolves.toMatchObject({ kind: 'authorised' });
    expect(till.moved(checkoutId)).toMatchObject({ held: 2_499, voided: 0 });
  },
);

test('authorisePayment, whose first intent no list shows and whose key is forgotten, keeps one of the two', async () => {
  const { checkoutId } = await till.due();
  await till.fault('timeout_after_commit');
  await expect(authorise(checkoutId)).rejects.toThrow('no definite answer');
  await forget();
  const [first] = till.provider.simulator.ledger().intents;
  const event = till.event(checkoutId, { kind: 'authorised', intentId: first?.intent ?? '', expiresAt: '2030-01-01' });
  await till.transact((em) => storePaymentEvent(em, event));
  const { payments } = till.withGateway({ find: async () => null });
  await expect(payments.authorisePayment({ checkoutId, attempt: 1 })).resolves.toMatchObject({ kind: 'authorised' });
  expect(await intentOf(checkoutId)).not.toBe(first?.intent);
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499, voided: 2_499 });
});

test('authorisePayment, under a key that was used with other parameters, looks for what it made', async () => {
  const { checkoutId } = await till.due();
  const { request } = await till.begin(checkoutId);
  // As a release before this one would have sent it.
  await till.gateway.authorise({ ...request, paymentMethod: 'pm_card_mastercard' });
  const { payments } = till.withGateway({
    find: (...asked) => (looks++ === 0 ? Promise.resolve(null) : till.gateway.find(...asked)),
  });
  let looks = 0;
  await expect(payments.authorisePayment({ checkoutId, attempt: 1 })).resolves.toMatchObject({ kind: 'authorised' });
  expect(till.moved(checkoutId)).toMatchObject({ held: 2_499 });
});

test.each(LOST)(
  'capturePayment, whose answer was lost under %s and whose key is forgotten, takes once',
  async (kind) => {
    const { checkoutId } = await placed();
    await till.fault(kind);
    await expect(till.checkouts.capturePayment({ checkoutId })).rejects.toThrow('capture');
    await forget();
    await expect(till.checkouts.capturePayment({ checkoutId })).resolves.toMatchObject({ captured: true });
    expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, captures: 1 });
    expect(await till.ledger(checkoutId)).toHaveLength(1);
  },
);

test.each(LOST)('voidPayment, whose answer was lost under %s and whose key is forgotten, voids once', async (kind) => {
  const { checkoutId } = await till.due();
  await authorise(checkoutId);
  await till.shut(checkoutId);
  await till.fault(kind);
  await expect(till.payments.voidPayment({ checkoutId })).rejects.toThrow('void');
  await forget();
  await till.payments.voidPayment({ checkoutId });
  expect(till.moved(checkoutId)).toMatchObject({ held: 0, voided: 2_499 });
});

test.each(LOST)(
  'voidPayment, whose refund’s answer was lost under %s and whose key is forgotten, refunds once',
  async (kind) => {
    const { checkoutId } = await till.due();
    await authorise(checkoutId);
    await till.provider.stripe.paymentIntents.capture(await intentOf(checkoutId));
    await till.shut(checkoutId);
    await till.payments.voidHolds({ checkoutId });
    await till.provider.post('/test/switches', { [kind]: 1, only: { method: 'POST', path: '^/v1/refunds' } });
    await expect(till.payments.voidPayment({ checkoutId })).rejects.toThrow('refund');
    await forget();
    await untilDone(() => till.payments.voidPayment({ checkoutId }));
    expect(till.moved(checkoutId)).toMatchObject({ captured: 2_499, refunded: 2_499 });
    expect(await till.ledger(checkoutId)).toHaveLength(2);
  },
);

test('a cart, declined three times and then paid from another address, is paid once and meets no used key', async () => {
  const declined = 'pm_card_visa_chargeDeclined';
  const { cartId, checkoutId } = await till.due(declined);
  let last = checkoutId;
  for (const paymentMethod of [declined, declined, 'pm_card_visa']) {
    await expect(authorise(last)).resolves.toMatchObject({ kind: 'declined', reason: 'generic_decline' });
    await till.undo(last);
    const shippingAddress = {
      name: last,
      line1: '2 Side St',
      city: 'Springfield',
      postal_code: '12345',
      country: 'US',
    };
    ({ checkoutId: last } = await till.accept(cartId, { paymentMethod, shippingAddress, bodyHash: last }));
    await till.reserve(last);
  }
  await expect(authorise(last)).resolves.toMatchObject({ kind: 'authorised' });
  const live = till.provider.simulator.ledger().intents.filter(({ held }) => held > 0);
  expect(live).toHaveLength(1);
});
