import { isNoted, noteRestore } from '../../../src/domain/restores/index.js';
import { openMarket } from '../../support/builders/market.js';
import { describeWith } from '../../support/services.js';

type Market = Awaited<ReturnType<typeof openMarket>>;

describeWith('postgres', 'a database that went back to an earlier time', () => {
  let market: Market;
  beforeAll(async () => {
    market = await openMarket();
  });
  afterAll(() => market.close());

  /** The shop is open again. */
  const happen = (): Promise<unknown> =>
    market.shop.run(
      `insert into audit_log (at, actor_type, action, object_type, object_id)
       values (clock_timestamp() + interval '1 second', 'system', 'test.happened', 'test', '1')`,
      [],
    );
  const note = () => market.transact((em) => noteRestore(em));

  test('is written down once, until something happens in the shop', async () => {
    await happen();
    expect(await market.query((em) => isNoted(em))).toBe(false);
    const first = await note();
    expect(first?.lostSince).toMatch(/^2/);
    expect(await market.query((em) => isNoted(em))).toBe(true);
    expect(await note()).toBeNull();
  });

  test('gives open carts another checkout, as they may have been paid for, and leaves those alone that are checked out', async () => {
    const variantId = await market.variant(5);
    const [free, busy] = [await market.cart([{ variantId }]), await market.cart([{ variantId }])];
    const { checkoutId } = await market.accept(busy);
    const checkoutOf = async (cartId: string) =>
      (await market.shop.rows<{ id: string }>('select checkout_id as id from carts where id = ?', [cartId]))[0]?.id;
    const before = await checkoutOf(free);
    await happen();
    await note();
    expect(await checkoutOf(free)).not.toBe(before);
    expect(await checkoutOf(busy)).toBe(checkoutId);
  });

  test('ends all sessions: one may have been ended since', async () => {
    const userId = await market.shop.user();
    await market.shop.session(userId);
    await happen();
    expect((await note())?.sessions).toBeGreaterThan(0);
    expect(
      await market.shop.rows('select revoked_reason from sessions where user_id = ? and revoked_at is not null', [
        userId,
      ]),
    ).toEqual([{ revoked_reason: 'database_restored' }]);
  });
});
