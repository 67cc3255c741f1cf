import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { readOrder } from '../../../src/domain/orders/index.js';
import { releaseStock } from '../../../src/domain/inventory/index.js';
import { authorised, codeOf, openMarket, usd, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(() => market.close());

const ordersOf = (cartId: string) => market.shop.rows('select id from orders where cart_id = ?', [cartId]);

async function accepted(stock: number, quantity: number, change: Parameters<Market['accept']>[1] = {}) {
  const variantId = await market.variant(stock);
  const cartId = await market.cart([{ variantId, quantity }]);
  const { checkoutId, orderId } = await market.accept(cartId, change);
  return { variantId, cartId, checkoutId, orderId };
}

test('reserveCheckout, repeated and at once, takes stock once and answers the same order', async () => {
  const { variantId, checkoutId, orderId } = await accepted(5, 2);
  const answers = await Promise.all([market.reserve(checkoutId), market.reserve(checkoutId)]);
  answers.push(await market.reserve(checkoutId));
  expect(answers.map((each) => each.orderId)).toEqual([orderId, orderId, orderId]);
  expect(answers.every(({ expiresInMs }) => expiresInMs > 800_000 && expiresInMs <= 900_000)).toBe(true);
  expect(await market.stock(variantId)).toEqual([5, 2]);
  expect(await market.stepsOf(checkoutId)).toEqual(['stock_reserved']);
});

test('reserveCheckout, after the close, refuses and takes nothing', async () => {
  const { variantId, checkoutId } = await accepted(5, 2);
  await market.shut(checkoutId);
  expect(await codeOf(market.reserve(checkoutId))).toBe('invalid_transition');
  await market.end(checkoutId);
  expect(await codeOf(market.reserve(checkoutId))).toBe('invalid_transition');
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

test('reserveCheckout, at the moment of the end, leaves no stock reserved behind', async () => {
  for (let round = 0; round < 12; round += 1) {
    const { variantId, checkoutId } = await accepted(5, 2);
    const end = async () => {
      await market.shut(checkoutId);
      await market.end(checkoutId);
    };
    await Promise.all([codeOf(market.reserve(checkoutId)), end()]);
    expect(await market.stock(variantId)).toEqual([5, 0]);
    expect(await market.checkoutRow(checkoutId)).toMatchObject({ status: 'cancelled', closing: true });
  }
});

test.each([
  ['the price of a line', null],
  ['the total that was named', usd(1_500)],
])('reserveCheckout, when %s changed, is refused with the new total and takes nothing', async (_, expectedTotal) => {
  const { variantId, cartId, checkoutId } = await accepted(5, 1, { expectedTotal });
  if (expectedTotal === null)
    await market.shop.run('update cart_lines set unit_price_amount = 999 where cart_id = ?', [cartId]);
  await expect(market.reserve(checkoutId)).rejects.toMatchObject({
    code: 'price_changed',
    data: { total: 1_499, currency: 'USD' },
  });
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

test('reserveCheckout, of an empty cart, unsold goods or an unknown way of shipping, is refused', async () => {
  const empty = await market.accept(await market.cart([]));
  expect(await codeOf(market.reserve(empty.checkoutId))).toBe('cart_empty');
  const retired = await accepted(5, 1);
  await market.shop.retire(retired.variantId);
  expect(await codeOf(market.reserve(retired.checkoutId))).toBe('cart_problem');
  const { checkoutId } = await accepted(5, 1, { shippingMethod: 'pigeon' });
  expect(await codeOf(market.reserve(checkoutId))).toBe('shipping_unavailable');
  expect(await codeOf(market.reserve(newId()))).toBe('not_found');
});

test('the last piece, wanted by twenty checkouts at once, is reserved for one', async () => {
  const variantId = await market.variant(1);
  const checkouts = await Promise.all(
    Array.from({ length: 20 }, async () => (await market.accept(await market.cart([{ variantId }]))).checkoutId),
  );
  const answers = await Promise.all(checkouts.map((checkoutId) => codeOf(market.reserve(checkoutId))));
  expect(answers.filter((answer) => answer === 'done')).toHaveLength(1);
  expect(answers.filter((answer) => answer === 'out_of_stock')).toHaveLength(19);
});

test('placeCheckout writes an order whose lines, total and payment agree, sells the stock and orders the cart', async () => {
  const [a, b] = [await market.variant(50, 1_999), await market.variant(5, 33)];
  const { cartId, checkoutId, orderId } = await market.reserved([
    { variantId: a, quantity: 11, unitPrice: 1_799 },
    { variantId: b, quantity: 3, unitPrice: 33 },
  ]);
  await market.place(checkoutId, authorised('pi_agree'));
  const order = await market.query((em) => readOrder(em, market.cipher, orderId));
  const sum = order.lines.reduce((total, line) => total + line.lineTotal.amount - line.discount.amount, 0);
  expect(order.subtotal.amount).toBe(sum);
  expect(order.total.amount).toBe(
    sum + order.shippingTotal.amount + order.taxTotal.amount - order.discountTotal.amount,
  );
  expect(order.payment).toMatchObject({ amount: order.total, status: 'authorised', captured: usd(0) });
  expect(order).toMatchObject({ status: 'pending', checkoutId, contact: { email: 'buyer@example.com', phone: null } });
  expect(new Set(order.lines.map((line) => line.quantity))).toEqual(new Set([11, 3]));
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [39, 0],
    [2, 0],
  ]);
  await expect(market.shop.rows('select status, order_id from carts where id = ?', [cartId])).resolves.toEqual([
    { status: 'ordered', order_id: orderId },
  ]);
  expect(await market.stepsOf(checkoutId)).toEqual(['stock_reserved', 'order_placed']);
});

test('placeCheckout, of what is sent for money, keeps shipping as a part of the total', async () => {
  const variantId = await market.variant(5);
  const { checkoutId, orderId } = await market.reserved([{ variantId, quantity: 2 }]);
  await market.place(checkoutId, authorised('pi_sent'));
  await expect(market.query((em) => readOrder(em, market.cipher, orderId))).resolves.toMatchObject({
    subtotal: usd(2_000),
    shippingTotal: usd(499),
    total: usd(2_499),
  });
});

test('placeCheckout, repeated and at once, places one order and sells once', async () => {
  const variantId = await market.variant(5);
  const { cartId, checkoutId, orderId } = await market.reserved([{ variantId, quantity: 2 }]);
  const answers = await Promise.all([1, 2, 3].map(() => market.place(checkoutId)));
  expect(answers).toEqual([{ orderId }, { orderId }, { orderId }]);
  await expect(market.place(checkoutId, authorised('pi_other'))).resolves.toEqual({ orderId });
  expect(await ordersOf(cartId)).toHaveLength(1);
  expect(await market.stock(variantId)).toEqual([3, 0]);
});

test('placeCheckout, of what was never reserved, refuses', async () => {
  const { checkoutId } = await accepted(5, 1);
  expect(await codeOf(market.place(checkoutId))).toBe('invalid_transition');
  expect(await codeOf(market.place(newId()))).toBe('not_found');
});

test('placeCheckout, after its stock was released by hand, reserves it once more', async () => {
  const [a, b] = [await market.variant(5), await market.variant(5)];
  const { checkoutId, orderId } = await market.reserved([
    { variantId: a, quantity: 2 },
    { variantId: b, quantity: 1 },
  ]);
  await market.transact((em) => releaseStock(em, { checkoutId }, 'released'));
  await expect(market.place(checkoutId)).resolves.toEqual({ orderId });
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [3, 0],
    [4, 0],
  ]);
});

test('placeCheckout, after its stock was released and bought by another, refuses with nothing half done', async () => {
  const [a, b] = [await market.variant(5), await market.variant(5)];
  const { cartId, checkoutId } = await market.reserved([
    { variantId: a, quantity: 2 },
    { variantId: b, quantity: 5 },
  ]);
  await market.transact((em) => releaseStock(em, { checkoutId }, 'released'));
  await market.transact((em) => adjustStock(em, { variantId: b, actorId: newId(), note: '', onHand: 4 }));
  await expect(market.place(checkoutId)).rejects.toMatchObject({
    code: 'out_of_stock',
    data: { variants: [{ variantId: b, available: 4 }] },
  });
  expect([await market.stock(a), await market.stock(b)]).toEqual([
    [5, 0],
    [4, 0],
  ]);
  expect(await ordersOf(cartId)).toEqual([]);
  expect(await market.checkoutRow(checkoutId)).toMatchObject({ status: 'authorising', closed_at: null });
});
