import type { EntityManager } from '@mikro-orm/postgresql';
import { claimIdempotencyKey } from '../../../src/domain/idempotency/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { findCheckoutCart, placeCheckout } from '../../../src/domain/checkout/index.js';
import { authorised, codeOf, openMarket, usd, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const filledCart = async (userId: string | null = null) =>
  market.cart([{ variantId: await market.variant(5) }], userId);
const rowsOf = (cartId: string) =>
  market.shop.rows<{ id: string }>('select id from checkouts where cart_id = ?', [cartId]);
const withKey = (key: string, bodyHash = 'same') => ({
  bodyHash,
  claim: (em: EntityManager, resourceId: string) =>
    claimIdempotencyKey(em, { caller: 'cart:a', key, operation: 'startCheckout', bodyHash, resourceId }),
});

test('acceptCheckout, from ten tabs at once, writes one row and tells all the same ids', async () => {
  const cartId = await filledCart();
  const answers = await Promise.all(Array.from({ length: 10 }, () => market.accept(cartId)));
  expect(answers.filter(({ kind }) => kind === 'accepted')).toHaveLength(1);
  expect(new Set(answers.map(({ checkoutId, orderId }) => checkoutId + orderId)).size).toBe(1);
  expect(await rowsOf(cartId)).toHaveLength(1);
});

test('acceptCheckout takes no stock', async () => {
  const variantId = await market.variant(5);
  await market.accept(await market.cart([{ variantId }]));
  expect(await market.stock(variantId)).toEqual([5, 0]);
});

test('acceptCheckout, with another body while one is under way, is refused with its id', async () => {
  const cartId = await filledCart();
  const { checkoutId } = await market.accept(cartId);
  await expect(market.accept(cartId, { bodyHash: 'other' })).rejects.toMatchObject({
    code: 'checkout_in_progress',
    data: { checkoutId },
  });
});

test('acceptCheckout, with two bodies at once, takes one and refuses the other', async () => {
  const cartId = await filledCart();
  const answers = await Promise.all(['one', 'two'].map((bodyHash) => codeOf(market.accept(cartId, { bodyHash }))));
  expect(answers.sort()).toEqual(['checkout_in_progress', 'done']);
});

test('acceptCheckout, repeated with its key, answers the first checkout for ever', async () => {
  const cartId = await filledCart();
  const key = newId();
  const first = await market.accept(cartId, withKey(key));
  await market.shut(first.checkoutId);
  await market.end(first.checkoutId, 'failed');
  await expect(market.accept(cartId, withKey(key))).resolves.toEqual({ ...first, kind: 'joined' });
  await expect(codeOf(market.accept(cartId, withKey(key, 'other')))).resolves.toBe('idempotency_mismatch');
  const second = await market.accept(cartId, withKey(newId()));
  expect(second).toMatchObject({ kind: 'accepted' });
  expect(second.checkoutId).not.toBe(first.checkoutId);
  expect(await rowsOf(cartId)).toHaveLength(2);
});

test('acceptCheckout, refused, leaves its key free', async () => {
  const cartId = await filledCart();
  await market.accept(cartId);
  const key = newId();
  expect(await codeOf(market.accept(cartId, withKey(key, 'other')))).toBe('checkout_in_progress');
  await expect(market.accept(cartId, withKey(key))).resolves.toMatchObject({ kind: 'joined' });
});

test('acceptCheckout, of an ordered cart, answers its order, whatever the body', async () => {
  const { cartId, checkoutId, orderId } = await market.reserved([{ variantId: await market.variant(5) }]);
  await market.place(checkoutId);
  await expect(market.accept(cartId, { bodyHash: 'other' })).resolves.toEqual({
    checkoutId,
    orderId,
    userId: null,
    kind: 'ordered',
  });
  expect(await rowsOf(cartId)).toHaveLength(1);
});

test('acceptCheckout, while the cart’s order is being placed, waits for it', async () => {
  const { cartId, checkoutId } = await market.reserved([{ variantId: await market.variant(5) }]);
  const placing = await market.holdOpen((em) => placeCheckout(em, checkoutId, authorised(`pi_${checkoutId}`)));
  const accepted = market.accept(cartId, { bodyHash: 'other' });
  await market.untilBlocked();
  await placing.commit();
  await expect(accepted).resolves.toMatchObject({ kind: 'ordered', checkoutId });
});

test('acceptCheckout, of no cart or a merged one, is not found', async () => {
  expect(await codeOf(market.accept(newId()))).toBe('not_found');
  const cartId = await filledCart();
  await market.shop.run("update carts set status = 'merged' where id = ?", [cartId]);
  expect(await codeOf(market.accept(cartId))).toBe('not_found');
});

test('acceptCheckout, of a total in another currency, is refused as a changed price and writes nothing', async () => {
  const cartId = await filledCart();
  expect(await codeOf(market.accept(cartId, { expectedTotal: { amount: 1_499, currency: 'EUR' } }))).toBe(
    'price_changed',
  );
  expect(await rowsOf(cartId)).toEqual([]);
  await expect(market.accept(cartId, { expectedTotal: usd(1_499) })).resolves.toMatchObject({ kind: 'accepted' });
});

test('a checkout row holds nothing personal in the clear', async () => {
  const cartId = await filledCart();
  await market.accept(cartId);
  const [row] = await market.shop.rows<{ row: string }>(
    'select checkouts::text as row from checkouts where cart_id = ?',
    [cartId],
  );
  expect(row?.row).not.toMatch(/buyer|Main St|Springfield|12345/i);
});

test('findCheckoutCart finds a customer’s open cart, else the guest cart they hold, else what they ordered last', async () => {
  const userId = await market.shop.user();
  const guest = await filledCart();
  const [row] = await market.shop.rows<{ token_hash: string }>('select token_hash from carts where id = ?', [guest]);
  const tokenHash = row?.token_hash ?? '';
  const find = (owner: { userId: string | null; tokenHash: string | null }) =>
    market.query((em) => findCheckoutCart(em, owner)).then((cart) => cart?.id ?? null);

  expect(await find({ userId, tokenHash: null })).toBeNull();
  const ordered = await filledCart(userId);
  await market.shop.orderCart(ordered);
  expect(await find({ userId, tokenHash: null })).toBe(ordered);
  expect(await find({ userId, tokenHash })).toBe(guest);
  const own = await filledCart(userId);
  expect(await find({ userId, tokenHash })).toBe(own);
  expect(await find({ userId: null, tokenHash })).toBe(guest);
  await market.shop.orderCart(guest);
  expect(await find({ userId: null, tokenHash })).toBe(guest);
  await market.shop.run("update carts set status = 'merged', order_id = null where id = ?", [guest]);
  expect(await find({ userId: null, tokenHash })).toBeNull();
});

test('acceptCheckout, when twenty are open from one address, refuses the next, also many at once, until one ends', async () => {
  const addressIndex = newId();
  const carts = await Promise.all(Array.from({ length: 23 }, () => filledCart()));
  const codes = await Promise.all(carts.map((cartId) => codeOf(market.accept(cartId, { addressIndex }))));
  expect(codes.filter((code) => code === 'done')).toHaveLength(20);
  expect(codes.filter((code) => code === 'hold_limit')).toHaveLength(3);

  const own = carts[codes.indexOf('done')] ?? '';
  const { checkoutId, kind } = await market.accept(own, { addressIndex });
  expect(kind).toBe('joined');
  const next = carts[codes.indexOf('hold_limit')] ?? '';
  expect(await codeOf(market.accept(next, { addressIndex: newId() }))).toBe('done');
  await market.shut(checkoutId);
  await market.end(checkoutId);
  expect(await codeOf(market.accept(own, { addressIndex }))).toBe('done');
});
