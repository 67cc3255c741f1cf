import { addItem, showCart } from '../../../src/domain/cart/index.js';
import type { Caller } from '../../../src/domain/users/index.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

const customer = (userId: string): Caller => ({
  kind: 'user',
  userId,
  sessionId: '',
  tier: null,
  vendorId: null,
  roles: [],
  permissions: new Set(),
  shopPermissions: new Set(),
  cartToken: null,
});

const guest = (cartToken: string | null): Caller => ({ kind: 'guest', cartToken });

const add = (caller: Caller, variantId: string, quantity: number) =>
  store.transact((em) =>
    addItem(em, {
      caller,
      variantId,
      quantity,
      currency: 'USD',
      ifMatch: null,
      claim: async (_, resourceId) => ({ resourceId, replayed: false }),
    }),
  );

const show = async (cartId: string) => (await store.query((em) => showCart(em, cartId))).cart;

test('addItem, fifty at once by a user who had no cart, makes one cart and loses none', async () => {
  const caller = customer(await store.shop.user());
  const products = await Promise.all(Array.from({ length: 10 }, () => store.shop.product()));
  const added = await Promise.all(
    Array.from({ length: 50 }, (_, index) => add(caller, products[index % 10]?.variantId ?? '', 1)),
  );
  expect(new Set(added.map(({ cartId }) => cartId)).size).toBe(1);
  const cart = await show(added[0]?.cartId ?? '');
  expect(cart.lines.map((line) => line.quantity)).toEqual(Array.from({ length: 10 }, () => 5));
  expect(cart.version).toBe(50);
});

test('addItem, fifty of one variant at once, adds them up', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 1);
  await Promise.all(Array.from({ length: 49 }, () => add(guest(token), variantId, 2)));
  expect((await show(cartId)).lines).toMatchObject([{ quantity: 99 }]);
});

test('addItem keeps the price of the whole quantity, so that reaching a break is no change of price', async () => {
  const { variantId } = await store.shop.product({ price: 1_000 });
  const { cartId, token } = await add(guest(null), variantId, 9);
  await add(guest(token), variantId, 1);
  expect(await show(cartId)).toMatchObject({ lines: [{ quantity: 10, unitPrice: { amount: 900 } }], problems: [] });
});

test("addItem, for a user of a tier, keeps the tier's price", async () => {
  const { variantId } = await store.shop.product({ price: 1_000 });
  const { cartId } = await add(customer(await store.shop.user({ tier: 'GOLD' })), variantId, 1);
  expect(await show(cartId)).toMatchObject({ lines: [{ unitPrice: { amount: 850 } }], problems: [] });
});

test('addItem, beyond 9,999 of one variant in all, is refused and changes nothing', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 9_999);
  await expect(add(guest(token), variantId, 1)).rejects.toMatchObject({ code: 'validation_failed' });
  expect(await show(cartId)).toMatchObject({ version: 1, lines: [{ quantity: 9_999 }] });
});

test('addItem, for the 201st variant, is refused while more of the 200 is not', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 1);
  const others = await Promise.all(Array.from({ length: 200 }, () => store.shop.product()));
  for (const other of others.slice(0, 199))
    await store.shop.run(
      "insert into cart_lines (id, cart_id, variant_id, quantity, unit_price_amount, currency) values (gen_random_uuid(), ?, ?, 1, 1000, 'USD')",
      [cartId, other.variantId],
    );
  await expect(add(guest(token), others[199]?.variantId ?? '', 1)).rejects.toMatchObject({ code: 'validation_failed' });
  await add(guest(token), variantId, 1);
  expect((await show(cartId)).lines).toHaveLength(200);
});

test.each([
  ['a draft', { status: 'draft' as const }],
  ['sold in another currency', { currency: 'EUR' }],
])('addItem, when the product is %s, finds no variant', async (_, change) => {
  const { variantId } = await store.shop.product(change);
  await expect(add(guest(null), variantId, 1)).rejects.toMatchObject({ code: 'not_found' });
});

test('addItem, while the cart is checked out, names the checkout; after it ended, adds', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 1);
  const checkoutId = await store.shop.openCheckout(cartId);
  await expect(add(guest(token), variantId, 1)).rejects.toMatchObject({
    code: 'checkout_in_progress',
    data: { checkoutId },
  });
  await store.shop.closeCheckout(checkoutId);
  await add(guest(token), variantId, 1);
  expect((await show(cartId)).lines).toMatchObject([{ quantity: 2 }]);
});

test('addItem, racing a checkout that opens under the lock, sees it', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 1);
  let adding: Promise<unknown> = Promise.resolve();
  await store.transact(async (em) => {
    await em.execute('select 1 from carts where id = ? for update', [cartId]);
    adding = add(guest(token), variantId, 1).catch((error: unknown) => error);
    await waitForLock(cartId);
    await em.execute(
      `insert into checkouts (id, cart_id, order_id, body_hash, contact, shipping_address, country, shipping_method, payment_provider, currency)
       select checkout_id, id, gen_random_uuid(), '-', '-', '-', 'US', 'standard', 'stripe', 'USD' from carts where id = ?`,
      [cartId],
    );
  });
  expect(await adding).toMatchObject({ code: 'checkout_in_progress' });
});

test('addItem, to an ordered guest cart, makes a new one with a new token', async () => {
  const { variantId } = await store.shop.product();
  const { cartId, token } = await add(guest(null), variantId, 1);
  await store.shop.orderCart(cartId);
  const next = await add(guest(token), variantId, 3);
  expect(next.cartId).not.toBe(cartId);
  expect(next.token).toMatch(/^[\w-]{43}$/);
  expect(next.token).not.toBe(token);
  await add(guest(next.token), variantId, 1);
  expect((await show(next.cartId)).lines).toMatchObject([{ quantity: 4 }]);
});

/** Until somebody waits for a lock, as PostgreSQL sees it. */
async function waitForLock(cartId: string): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    const waiting = await store.shop.rows<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (waiting.length > 0) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`nobody waits for cart ${cartId}`);
}
