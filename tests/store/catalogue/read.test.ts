import {
  findCategory,
  findProduct,
  listCategories,
  listProducts,
  type CategoryNode,
  type ProductCard,
  type ProductQuery,
} from '../../../src/domain/catalogue/index.js';
import { importLine, openCatalogue, type TestCatalogue } from '../../support/catalogue.js';

let shop: TestCatalogue;
beforeAll(async () => {
  shop = await openCatalogue();
  await shop.import([
    importLine({ sku: 'TONER', category: ['Printing', 'Supplies', 'Ink'], brand: 'HP', price_cents: 9_000, stock: 3 }),
    importLine({ sku: 'PAPER', category: ['Printing', 'Supplies'], brand: 'HP', price_cents: 500, stock: 0 }),
    importLine({ sku: 'PRINTER', category: ['Printing'], brand: 'Canon', price_cents: 20_000, stock: 1 }),
    importLine({ sku: 'PEN', category: ['Office', 'Supplies'], brand: "O'Neil", price_cents: 500, stock: 9 }),
    importLine({ sku: 'DRAFT', category: ['Office'], price_cents: 1, stock: 9 }),
    importLine({
      sku: 'SHIRT',
      category: ['Clothes'],
      brand: 'Acme',
      price_cents: 3_000,
      stock: 0,
      image_url: 'https://img.example/shirt.jpg',
      variants: [
        { sku: 'SHIRT-M', options: { size: 'M' }, price_cents: 3_500, stock: 4 },
        { sku: 'SHIRT-L', options: { size: 'L' }, stock: 0 },
      ],
    }),
  ]);
  await shop.transact((em) => em.execute(`update products set status = 'draft' where slug = 'product-draft'`));
});
afterAll(() => shop.close());

const list = (change: Partial<ProductQuery> = {}) =>
  shop.query((em) => listProducts(em, { sort: 'title', limit: 20, ...change }));
const skus = (cards: readonly ProductCard[]) => cards.map((card) => card.sku);

test.each<[string, Partial<ProductQuery>, string[]]>([
  ['no filter', {}, ['PAPER', 'PEN', 'PRINTER', 'SHIRT', 'TONER']],
  ['a category', { category: 'printing' }, ['PAPER', 'PRINTER', 'TONER']],
  ['a category below another', { category: 'supplies' }, ['PAPER', 'TONER']],
  ['a category of the same name elsewhere', { category: 'office-supplies' }, ['PEN']],
  ['an unknown category', { category: 'nothing' }, []],
  ['a brand', { brand: 'HP' }, ['PAPER', 'TONER']],
  ['a brand with a quote', { brand: "O'Neil" }, ['PEN']],
  ['a brand that is SQL', { brand: "' or 1=1 --" }, []],
  ['a lowest price', { minPrice: 9_000 }, ['PRINTER', 'TONER']],
  ['a highest price', { maxPrice: 500 }, ['PAPER', 'PEN']],
  ['stock', { inStock: true }, ['PEN', 'PRINTER', 'SHIRT', 'TONER']],
  ['no stock', { inStock: false }, ['PAPER']],
  ['all at once', { category: 'printing', brand: 'HP', minPrice: 1, maxPrice: 9_000, inStock: true }, ['TONER']],
])('listProducts, with %s, lists what is published and meets it', async (_, filter, expected) => {
  expect(skus((await list(filter)).data)).toEqual(expected);
});

test('listProducts, sorted by price, puts the cheapest first, and the dearest with a minus', async () => {
  expect((await list({ sort: 'price' })).data.map((card) => card.price.amount)).toEqual([
    500, 500, 3_000, 9_000, 20_000,
  ]);
  expect((await list({ sort: '-price' })).data.map((card) => card.price.amount)).toEqual([
    20_000, 9_000, 3_000, 500, 500,
  ]);
});

test.each(['newest', 'price', '-price', 'title', '-title'] as const)(
  'listProducts, page by page by %s, shows each product once, ties too',
  async (sort) => {
    const all = skus((await list({ sort })).data);
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list({
        sort,
        limit: 2,
        ...(cursor === null ? {} : { cursor }),
      });
      seen.push(...skus(page.data));
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(seen).toEqual(all);
  },
);

test('listProducts, when a cursor comes from another order or was made up, refuses it', async () => {
  const { nextCursor } = await list({ sort: 'price', limit: 1 });
  await expect(list({ sort: '-price', cursor: nextCursor ?? '' })).rejects.toMatchObject({ code: 'validation_failed' });
  const forged = Buffer.from(JSON.stringify(['price', "1'; drop table products; --", 'x'])).toString('base64url');
  await expect(list({ sort: 'price', cursor: forged })).rejects.toMatchObject({ code: 'validation_failed' });
});

test('listProducts, for any page, runs one statement', async () => {
  const statements = await shop.statements(() => list({ category: 'printing', inStock: true }));
  expect(statements).toHaveLength(1);
});

test('findProduct, by id or slug, shows its variants with price and what is left', async () => {
  const product = await shop.query((em) => findProduct(em, 'product-shirt'));
  expect(product).toMatchObject({
    sku: 'SHIRT',
    inStock: true,
    price: { amount: 3_000, currency: 'USD' },
    category: { slug: 'clothes', path: [{ slug: 'clothes', name: 'Clothes' }] },
    images: [{ url: 'https://img.example/shirt.jpg', alt: 'Product SHIRT' }],
    options: [{ name: 'size', values: ['M', 'L'] }],
    variants: [
      { sku: 'SHIRT', available: 0, price: { amount: 3_000 } },
      { sku: 'SHIRT-M', available: 4, price: { amount: 3_500 }, options: { size: 'M' } },
      { sku: 'SHIRT-L', available: 0, price: { amount: 3_000 } },
    ],
  });
  expect(await shop.query((em) => findProduct(em, product.id))).toEqual(product);
});

test.each(['product-draft', 'nothing', 'No Slug', '\0', '01890000-0000-7000-8000-000000000000'])(
  'findProduct, for %j, refuses as not found',
  async (key) => {
    await expect(shop.query((em) => findProduct(em, key))).rejects.toMatchObject({ code: 'not_found' });
  },
);

test('listCategories, with branches of different depth, answers the tree', async () => {
  const names = (nodes: readonly CategoryNode[]): unknown[] => nodes.map((node) => [node.name, names(node.children)]);
  expect(names(await shop.query(listCategories))).toEqual([
    ['Clothes', []],
    ['Office', [['Supplies', []]]],
    ['Printing', [['Supplies', [['Ink', []]]]]],
  ]);
});

test('findCategory, in the middle of the tree, has its path and its children', async () => {
  expect(await shop.query((em) => findCategory(em, 'supplies'))).toMatchObject({
    name: 'Supplies',
    path: [
      { slug: 'printing', name: 'Printing' },
      { slug: 'supplies', name: 'Supplies' },
    ],
    children: [{ slug: 'ink', name: 'Ink' }],
  });
  await expect(shop.query((em) => findCategory(em, 'nothing'))).rejects.toMatchObject({ code: 'not_found' });
});
