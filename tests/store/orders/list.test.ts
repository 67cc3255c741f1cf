import { encodeCursor } from '../../../src/domain/kernel/page.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { findOrderOwner, listOrders, readOrder, readTimeline } from '../../../src/domain/orders/index.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

async function ordered(userId: string, quantities: readonly number[]): Promise<string> {
  const lines = await Promise.all(
    quantities.map(async (quantity) => ({ variantId: await market.variant(9), quantity })),
  );
  const { checkoutId, orderId } = await market.accept(await market.cart(lines, userId));
  await market.reserve(checkoutId);
  await market.place(checkoutId);
  return orderId;
}
const list = (userId: string, cursor?: string, limit = 2) =>
  market.query((em) => listOrders(em, userId, { limit, cursor }));

test('listOrders shows a customer’s own orders, newest first, each once, page by page', async () => {
  const [userId, other] = [await market.shop.user(), await market.shop.user()];
  const placed: string[] = [];
  for (let count = 0; count < 5; count += 1) placed.unshift(await ordered(userId, [1, count + 1]));
  await ordered(other, [1]);

  const seen: string[] = [];
  let cursor: string | undefined;
  do {
    const { data, nextCursor } = await list(userId, cursor);
    seen.push(...data.map((order) => order.id));
    cursor = nextCursor ?? undefined;
  } while (cursor !== undefined);
  expect(seen).toEqual(placed);
  const [{ itemCount, total, status } = { itemCount: 0, total: null, status: null }] = (await list(userId)).data;
  expect({ itemCount, total, status }).toEqual({
    itemCount: 6,
    total: { amount: 6_000, currency: 'USD' },
    status: 'pending',
  });
});

test.each([[5], [null], ['order 66'], ["' or true --"], [{}]])(
  'listOrders, with a forged cursor of %j, is refused',
  async (part) => {
    expect(await codeOf(list(newId(), encodeCursor([part as string])))).toBe('validation_failed');
  },
);

test('listOrders, of a customer without orders or from beyond the last, is empty', async () => {
  const userId = await market.shop.user();
  await expect(list(userId)).resolves.toEqual({ data: [], nextCursor: null });
  await ordered(userId, [1]);
  await expect(list(userId, encodeCursor(['00000000-0000-7000-8000-000000000000']))).resolves.toEqual({
    data: [],
    nextCursor: null,
  });
});

test('an order that is not there is not found, has no owner and no timeline', async () => {
  const id = newId();
  expect(await codeOf(market.query((em) => readOrder(em, market.cipher, id)))).toBe('not_found');
  await expect(market.query((em) => findOrderOwner(em, id))).resolves.toBeNull();
  await expect(market.query((em) => readTimeline(em, id))).resolves.toEqual([]);
});
