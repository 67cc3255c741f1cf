import type { SecuredPayment } from '../../../src/domain/checkout/index.js';
import { deliverOrder, shipOrder } from '../../../src/domain/orders/index.js';
import { assertPayable, collectDue, takes, type PaymentLimits } from '../../../src/domain/payments/index.js';
import { createOnDeliveryGateway } from '../../../src/infra/on-delivery/gateway.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { createCheckoutActivities } from '../../../src/activities/checkout.js';
import { createPaymentActivities } from '../../../src/activities/payments.js';
import { codeOf, openMarket, usd, type Market } from '../../support/builders/market.js';

const onDelivery = createOnDeliveryGateway({ countries: ['US'], currency: 'USD', most: 3_000 });
const asked = (): never => {
  throw new Error('asked');
};
/** A provider that nobody may ask anything. */
const silent = new Proxy(
  { provider: 'stripe', limits: createStripeLimits() },
  { get: (target, name) => Reflect.get(target, name) ?? asked },
);

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(async () => {
  await market.shop.run(`update shipping_methods set price_amount = 499 where code = 'standard'`, []);
  await market.assertStock();
});
afterAll(() => market.close());

function activities() {
  const gateways = new Map([
    ['on_delivery', onDelivery],
    ['stripe', silent as never],
  ]);
  const common = { ...market, gateways, now: () => new Date() };
  return {
    ...createPaymentActivities(common),
    ...createCheckoutActivities({ ...common, reservationMs: 900_000, pricesIncludeTax: false }),
  };
}

async function accepted(provider: string, quantity = 2, price = 1_000) {
  const variantId = await market.variant(5, price);
  const cartId = await market.cart([{ variantId, quantity, unitPrice: price }]);
  return { variantId, ...(await market.accept(cartId, { provider, paymentMethod: null })) };
}

/** Through all steps of a checkout, as its flow goes. */
async function bought(checkoutId: string) {
  const run = activities();
  await run.reserveStock({ checkoutId });
  const { heard: _, ...payment } = await run.authorisePayment({ checkoutId, attempt: 1 });
  await run.placeOrder({ checkoutId, payment: payment as SecuredPayment });
  await run.capturePayment({ checkoutId });
  return run.capturePayment({ checkoutId });
}
const paymentOf = async (orderId: string) => {
  const [row] = await market.shop.rows(
    `select o.status, p.status as payment, p.captured_amount as captured from orders o join payments p on p.order_id = o.id where o.id = ?`,
    [orderId],
  );
  return row;
};
const ledgerOf = (checkoutId: string) =>
  market.shop.rows('select type, amount, provider from payment_ledger where checkout_id = ?', [checkoutId]);

test('an order on delivery is confirmed unpaid, and paid once when staff record its delivery', async () => {
  const { checkoutId, orderId } = await accepted('on_delivery');
  await expect(bought(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(await paymentOf(orderId)).toEqual({ status: 'confirmed', payment: 'due', captured: 0 });
  expect(await ledgerOf(checkoutId)).toEqual([]);
  const staff = { orderId, userId: await market.shop.user(), requestId: 'r', ifVersion: null };
  await market.transact((em) => shipOrder(em, staff, { carrier: 'Post', number: null, url: null }));
  expect(await paymentOf(orderId)).toEqual({ status: 'shipped', payment: 'due', captured: 0 });
  const collect = () => market.transact((em) => collectDue(em, orderId));
  await market.transact((em) => deliverOrder(em, staff));
  expect(await paymentOf(orderId)).toEqual({ status: 'delivered', payment: 'captured', captured: 2_499 });
  await Promise.all([collect(), collect()]);
  expect(await ledgerOf(checkoutId)).toEqual([{ type: 'capture', amount: 2_499, provider: 'on_delivery' }]);
});

test('a checkout on delivery, undone before it is placed, leaves nothing due and tells nobody', async () => {
  const { variantId, checkoutId, orderId } = await accepted('on_delivery');
  const run = activities();
  await run.reserveStock({ checkoutId });
  await run.authorisePayment({ checkoutId, attempt: 1 });
  await market.shut(checkoutId);
  await expect(run.voidHolds({ checkoutId })).resolves.toEqual({ orderId, taken: false, untold: false });
  await market.end(checkoutId);
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

test('a cart that costs nothing is ordered without asking any provider, and owes nothing', async () => {
  await market.shop.run(`update shipping_methods set price_amount = 0 where code = 'standard'`, []);
  const { checkoutId, orderId } = await accepted('stripe', 1, 0);
  await expect(bought(checkoutId)).resolves.toEqual({ orderId, captured: true });
  expect(await paymentOf(orderId)).toEqual({ status: 'confirmed', payment: 'captured', captured: 0 });
  expect(await ledgerOf(checkoutId)).toEqual([]);

  const other = await accepted('stripe', 1, 0);
  const run = activities();
  await run.reserveStock({ checkoutId: other.checkoutId });
  await run.authorisePayment({ checkoutId: other.checkoutId, attempt: 1 });
  await market.shut(other.checkoutId);
  await expect(run.voidHolds({ checkoutId: other.checkoutId })).resolves.toMatchObject({ taken: false, untold: false });
  await market.end(other.checkoutId);
});

test.each([
  ['too dear to be paid on delivery', 'on_delivery', 5, 1_000],
  ['too cheap for cards', 'stripe', 1, 30],
  ['to be paid in a way that is off', 'barter', 1, 1_000],
])('reserveStock, of a cart that is %s, is refused and takes nothing', async (_, provider, quantity, price) => {
  if (price < 50) await market.shop.run(`update shipping_methods set price_amount = 0 where code = 'standard'`, []);
  const { variantId, checkoutId } = await accepted(provider, quantity, price);
  expect(await codeOf(activities().reserveStock({ checkoutId }))).toBe('payment_unavailable');
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

const cards: PaymentLimits = createStripeLimits();
test.each([
  [cards, 'DE', { amount: 49, currency: 'USD' }, false],
  [cards, 'DE', { amount: 50, currency: 'USD' }, true],
  [cards, 'DE', { amount: 29, currency: 'GBP' }, false],
  [cards, 'DE', { amount: 99_999_999, currency: 'USD' }, true],
  [cards, 'DE', { amount: 100_000_000, currency: 'USD' }, false],
  [cards, 'DE', { amount: 5_000, currency: 'MGA' }, false],
  [cards, 'DE', { amount: 0, currency: 'MGA' }, true],
  [onDelivery.limits, 'US', usd(3_000), true],
  [onDelivery.limits, 'US', usd(3_001), false],
  [onDelivery.limits, 'DE', usd(1_000), false],
  [onDelivery.limits, 'US', { amount: 1_000, currency: 'EUR' }, false],
])(
  'assertPayable %#: what a provider takes is by country, currency, least and most',
  async (limits, country, total, taken) => {
    expect(takes(limits, { country, ...total })).toBe(taken);
    expect(await codeOf((async () => assertPayable(limits, country, total))())).toBe(
      taken ? 'done' : 'payment_unavailable',
    );
  },
);
