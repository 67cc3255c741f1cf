import { findOrphans } from '../../../src/domain/checkout/index.js';
import { openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const orphans = async () =>
  (await market.query((em) => findOrphans(em, { graceMs: 15_000, limit: 1_000, after: null }))).map(
    ({ checkoutId }) => checkoutId,
  );
const age = (checkoutId: string, column: string, by: string) =>
  market.shop.run(`update checkouts set ${column} = ${column} - ?::interval where id = ?`, [by, checkoutId]);
const reserved = async () => market.reserved([{ variantId: await market.variant(1) }]);

test('findOrphans, of a checkout that was being undone, takes it once the grace is over, before its time is', async () => {
  const { checkoutId } = await reserved();
  await market.shut(checkoutId);
  expect(await orphans()).not.toContain(checkoutId);
  await age(checkoutId, 'updated_at', '20 seconds');
  expect(await orphans()).toContain(checkoutId);
  await market.end(checkoutId);
  expect(await orphans()).not.toContain(checkoutId);
});

test('findOrphans, of open checkouts, takes those past their reservation’s end or that never began', async () => {
  const [live, over] = [await reserved(), await reserved()];
  const waiting = await market.accept(await market.cart([]));
  await age(over.checkoutId, 'expires_at', '1 hour');
  await age(live.checkoutId, 'updated_at', '1 hour');
  expect(await orphans()).toEqual([over.checkoutId]);
  await age(waiting.checkoutId, 'created_at', '1 hour');
  expect(await orphans()).toEqual(expect.arrayContaining([over.checkoutId, waiting.checkoutId]));
});
