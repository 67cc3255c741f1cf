import { addItem, findCart, mergeCarts, showCart } from '../../../src/domain/cart/index.js';
import { holdCart } from '../../../src/domain/holds/index.js';
import type { Caller } from '../../../src/domain/users/index.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

const customer = (userId: string, cartToken: string | null = null): Caller => ({
  kind: 'user',
  userId,
  sessionId: '',
  tier: null,
  vendorId: null,
  roles: [],
  permissions: new Set(),
  shopPermissions: new Set(),
  cartToken,
});

const add = (caller: Caller, variantId: string, quantity = 1) =>
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

const guestCart = async (variantId: string, quantity = 1) => {
  const { cartId, token } = await add({ kind: 'guest', cartToken: null }, variantId, quantity);
  return { cartId, token: token ?? '' };
};

const merge = (userId: string, cartToken: string) => store.transact((em) => mergeCarts(em, { userId, cartToken }));
const show = async (cartId: string | null) => (await store.query((em) => showCart(em, cartId ?? ''))).cart;
const find = (caller: Caller) => store.query((em) => findCart(em, caller));

test('mergeCarts, into a cart with a common variant, adds quantities and loses no line', async () => {
  const [common, theirs, mine] = [await store.shop.product(), await store.shop.product(), await store.shop.product()];
  const userId = await store.shop.user();
  const { cartId } = await add(customer(userId), common.variantId, 2);
  await add(customer(userId), mine.variantId);
  const guest = await guestCart(common.variantId, 3);
  await add({ kind: 'guest', cartToken: guest.token }, theirs.variantId, 4);

  expect(await merge(userId, guest.token)).toBe(cartId);
  const { lines, problems } = await show(cartId);
  expect(Object.fromEntries(lines.map((line) => [line.variantId, line.quantity]))).toEqual({
    [common.variantId]: 5,
    [theirs.variantId]: 4,
    [mine.variantId]: 1,
  });
  expect(problems).toEqual([]);
  expect(await find({ kind: 'guest', cartToken: guest.token })).toBeNull();
});

test('mergeCarts, when the sum passes 9,999, keeps 9,999', async () => {
  const { variantId } = await store.shop.product({ stock: 100_000 });
  const userId = await store.shop.user();
  const { cartId } = await add(customer(userId), variantId, 9_000);
  await merge(userId, (await guestCart(variantId, 9_000)).token);
  expect((await show(cartId)).lines).toMatchObject([{ quantity: 9_999 }]);
});

test("mergeCarts, for a user of a tier without a cart, makes one at the tier's prices without calling that a change", async () => {
  const { variantId } = await store.shop.product({ price: 1_000 });
  const userId = await store.shop.user({ tier: 'GOLD' });
  const cartId = await merge(userId, (await guestCart(variantId)).token);
  expect(await show(cartId)).toMatchObject({ lines: [{ unitPrice: { amount: 850 } }], problems: [] });
});

test('mergeCarts, twice with the same token, merges once', async () => {
  const { variantId } = await store.shop.product();
  const userId = await store.shop.user();
  const { token } = await guestCart(variantId, 2);
  const results = await Promise.all([merge(userId, token), merge(userId, token)]);
  expect(results.filter((cartId) => cartId !== null)).toHaveLength(1);
  expect((await show(results.find((cartId) => cartId !== null) ?? null)).lines).toMatchObject([{ quantity: 2 }]);
});

test.each(['guest', 'user'] as const)(
  'mergeCarts, while the cart of the %s is checked out, leaves both alone',
  async (whose) => {
    const { variantId } = await store.shop.product();
    const userId = await store.shop.user();
    const own = await add(customer(userId), variantId, 1);
    const guest = await guestCart(variantId, 2);
    await store.shop.openCheckout(whose === 'guest' ? guest.cartId : own.cartId);
    expect(await merge(userId, guest.token)).toBeNull();
    expect((await show(own.cartId)).lines).toMatchObject([{ quantity: 1 }]);
    expect(await find({ kind: 'guest', cartToken: guest.token })).toMatchObject({ id: guest.cartId, status: 'open' });
  },
);

test("mergeCarts takes a guest's hold along, so that its stock still counts as the cart's own", async () => {
  const { variantId } = await store.shop.product({ stock: 2 });
  const userId = await store.shop.user();
  const { cartId: guestId, token } = await guestCart(variantId, 2);
  await store.shop.run(
    "with h as (insert into cart_holds (id, cart_id, expires_at) values (gen_random_uuid(), ?, now() + interval '5 minutes') returning id) insert into reservations (id, variant_id, quantity, hold_id, expires_at) select gen_random_uuid(), ?, 2, id, now() + interval '5 minutes' from h",
    [guestId, variantId],
  );
  await store.shop.run('update stock_levels set reserved = 2 where variant_id = ?', [variantId]);
  const cart = await show(await merge(userId, token));
  expect(cart).toMatchObject({ problems: [], heldUntil: expect.any(String) as string });
});

test("mergeCarts, when both carts are held, gives the guest's stock back, so that it is not kept from its own customer", async () => {
  const [common, own] = [await store.shop.product({ stock: 2 }), await store.shop.product({ stock: 1 })];
  const userId = await store.shop.user();
  const { cartId } = await add(customer(userId), own.variantId);
  const guest = await guestCart(common.variantId, 2);
  const hold = (id: string) => store.transact((em) => holdCart(em, id, 300_000));
  const [kept, left] = [await hold(cartId), await hold(guest.cartId)];

  expect(await merge(userId, guest.token)).toBe(cartId);
  expect(await show(cartId)).toMatchObject({ problems: [], heldUntil: kept.expiresAt, lines: [{}, { quantity: 2 }] });
  expect(
    await store.shop.rows('select id, state from cart_holds where id in (?, ?) order by id', [kept.id, left.id]),
  ).toEqual([
    { id: kept.id, state: 'live' },
    { id: left.id, state: 'released' },
  ]);
  expect(
    await store.shop.rows('select variant_id, reserved from stock_levels where variant_id in (?, ?) order by 1', [
      common.variantId,
      own.variantId,
    ]),
  ).toEqual([
    { variant_id: common.variantId, reserved: 0 },
    { variant_id: own.variantId, reserved: 1 },
  ]);
});

test('addItem, by a user who still names a guest cart, takes its lines over', async () => {
  const [first, second] = [await store.shop.product(), await store.shop.product()];
  const userId = await store.shop.user();
  const { token } = await guestCart(first.variantId);
  const { cartId } = await add(customer(userId, token), second.variantId);
  expect((await show(cartId)).lines).toHaveLength(2);
  expect(await find(customer(userId))).toMatchObject({ id: cartId, userId });
});
