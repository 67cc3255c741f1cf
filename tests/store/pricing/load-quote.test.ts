import { newId } from '../../../src/domain/kernel/ids.js';
import { loadQuote, precheckCart, type QuoteQuery } from '../../../src/domain/pricing/index.js';
import { openStore, type TestStore } from '../../support/store.js';

let store: TestStore;
beforeAll(async () => {
  store = await openStore();
});
afterAll(() => store.close());

async function cart(
  lines: readonly { variantId: string; quantity: number; kept?: number }[],
  userId: string | null = null,
): Promise<string> {
  const id = newId();
  await store.shop.run(
    "insert into carts (id, user_id, token_hash, currency, checkout_id) values (?, ?, ?, 'USD', ?)",
    [id, userId, id, newId()],
  );
  for (const { variantId, quantity, kept = 1_000 } of lines)
    await store.shop.run(
      "insert into cart_lines (id, cart_id, variant_id, quantity, unit_price_amount, currency) values (?, ?, ?, ?, ?, 'USD')",
      [newId(), id, variantId, quantity, kept],
    );
  return id;
}

const ask = (cartId: string, change: Partial<QuoteQuery> = {}): QuoteQuery => ({
  cartId,
  country: 'DE',
  shippingMethod: 'standard',
  pricesIncludeTax: false,
  ...change,
});

const quote = (query: QuoteQuery) => store.query((em) => loadQuote(em, query));
const precheck = (query: QuoteQuery) => store.query((em) => precheckCart(em, query));

test('loadQuote, for ten at 500.00 plus 50.00 of a gold customer, comes to 4,207.50 before tax', async () => {
  const { variantId } = await store.shop.product({ price: 50_000, adjustment: 5_000 });
  const made = await quote(ask(await cart([{ variantId, quantity: 10 }], await store.shop.user({ tier: 'GOLD' }))));
  expect(made).toMatchObject({
    lines: [
      {
        unitPrice: { amount: 42_075 },
        keptUnitPrice: { amount: 1_000 },
        lineTotal: { amount: 420_750 },
        taxRate: 1_900,
        tax: { amount: 79_943 },
      },
    ],
    subtotal: { amount: 420_750 },
    shippingTotal: { amount: 0 },
    total: { amount: 500_693 },
  });
});

test("loadQuote, asked for a tier, overrules the owner's", async () => {
  const { variantId } = await store.shop.product({ price: 1_000 });
  const cartId = await cart([{ variantId, quantity: 1 }], await store.shop.user({ tier: 'GOLD' }));
  expect((await quote(ask(cartId, { tier: 'SILVER' }))).subtotal.amount).toBe(950);
});

test("loadQuote, when a variant has a break of its own, takes the better of that and everybody's", async () => {
  const [own, other] = [await store.shop.product(), await store.shop.product()];
  await store.shop.run(
    'insert into quantity_breaks (id, variant_id, min_quantity, discount_bp) values (?, ?, 10, 3000)',
    [newId(), own.variantId],
  );
  const made = await quote(ask(await cart([own, other].map(({ variantId }) => ({ variantId, quantity: 10 })))));
  expect(made.lines.map((line) => line.unitPrice.amount)).toEqual([700, 900]);
});

test.each([
  [4_999, 499],
  [5_000, 0],
])('loadQuote, for a subtotal of %d, ships for %d', async (price, shipping) => {
  const { variantId } = await store.shop.product({ price });
  expect((await quote(ask(await cart([{ variantId, quantity: 1 }])))).shippingTotal.amount).toBe(shipping);
});

test('loadQuote, to a country without a tax rate, is untaxed', async () => {
  const { variantId } = await store.shop.product();
  expect((await quote(ask(await cart([{ variantId, quantity: 1 }]), { country: 'JP' }))).taxTotal.amount).toBe(0);
});

test('loadQuote taxes each line by its class', async () => {
  const [standard, reduced] = [
    await store.shop.product({ price: 10_000 }),
    await store.shop.product({ price: 10_000, taxClass: 'reduced' }),
  ];
  const made = await quote(ask(await cart([standard, reduced].map(({ variantId }) => ({ variantId, quantity: 1 })))));
  expect(made.lines.map((line) => line.tax.amount)).toEqual([1_900, 700]);
});

test.each([
  ['an empty cart', 'cart_empty', [], {}],
  ['a method that is not offered there', 'shipping_unavailable', [1], { shippingMethod: 'express', country: 'FR' }],
  ['a method that does not exist', 'shipping_unavailable', [1], { shippingMethod: 'drone' }],
] as const)('loadQuote, for %s, refuses with %s', async (_, code, quantities, change) => {
  const { variantId } = await store.shop.product();
  await expect(
    quote(ask(await cart(quantities.map((quantity) => ({ variantId, quantity }))), change)),
  ).rejects.toMatchObject({ code });
});

test('loadQuote, when lines are no longer sold, names their variants', async () => {
  const [retired, draft, sold] = [await store.shop.product(), await store.shop.product(), await store.shop.product()];
  const cartId = await cart([retired, draft, sold].map(({ variantId }) => ({ variantId, quantity: 1 })));
  await store.shop.retire(retired.variantId);
  await store.shop.run("update products set status = 'draft' where id = ?", [draft.productId]);
  await expect(quote(ask(cartId))).rejects.toMatchObject({
    code: 'cart_problem',
    data: { variantIds: [retired.variantId, draft.variantId] },
  });
});

test('loadQuote, for a cart that is not there, refuses with not_found', async () => {
  await expect(quote(ask(newId()))).rejects.toMatchObject({ code: 'not_found' });
});

test('precheckCart names changed prices and shortages beside the quote', async () => {
  const [dearer, scarce] = [await store.shop.product({ price: 1_200 }), await store.shop.product({ stock: 1 })];
  const cartId = await cart([
    { variantId: dearer.variantId, quantity: 1 },
    { variantId: scarce.variantId, quantity: 2 },
  ]);
  expect(await precheck(ask(cartId))).toMatchObject({
    quote: {
      subtotal: { amount: 3_200 },
      lines: [
        { variantId: dearer.variantId, keptUnitPrice: { amount: 1_000 }, unitPrice: { amount: 1_200 } },
        { variantId: scarce.variantId, keptUnitPrice: { amount: 1_000 }, unitPrice: { amount: 1_000 } },
      ],
    },
    shortages: [{ variantId: scarce.variantId, quantity: 2, available: 1 }],
  });
});

test("precheckCart counts what the cart's own hold has reserved as available, and nobody else's", async () => {
  const { variantId } = await store.shop.product({ stock: 3 });
  const [mine, theirs] = [await cart([{ variantId, quantity: 3 }]), await cart([{ variantId, quantity: 3 }])];
  await store.shop.run(
    "with h as (insert into cart_holds (id, cart_id, expires_at) values (gen_random_uuid(), ?, now() + interval '5 minutes') returning id) insert into reservations (id, variant_id, quantity, hold_id, expires_at) select gen_random_uuid(), ?, 3, id, now() + interval '5 minutes' from h",
    [mine, variantId],
  );
  await store.shop.run('update stock_levels set reserved = 3 where variant_id = ?', [variantId]);
  expect((await precheck(ask(mine))).shortages).toEqual([]);
  expect((await precheck(ask(theirs))).shortages).toMatchObject([{ available: 0 }]);
});

test('loadQuote reads everything in one statement, however many lines there are', async () => {
  const products = await Promise.all(Array.from({ length: 20 }, () => store.shop.product()));
  const cartId = await cart(products.map(({ variantId }) => ({ variantId, quantity: 1 })));
  let statements = 0;
  await store.query((em) => {
    const execute = em.execute.bind(em);
    em.execute = ((...args: Parameters<typeof execute>) => {
      statements += 1;
      return execute(...args);
    }) as typeof em.execute;
    return loadQuote(em, ask(cartId));
  });
  expect(statements).toBe(1);
});
