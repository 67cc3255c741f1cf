import { newId } from '../../../src/domain/kernel/ids.js';
import { encodeCursor } from '../../../src/domain/kernel/page.js';
import { createLineSource } from '../../../src/infra/files/line-source.js';
import { openApp, type TestApp } from '../../support/app.js';
import { importInto, importLine } from '../../support/catalogue.js';

interface Card {
  readonly id: string;
  readonly slug: string;
  readonly sku: string;
}
interface List {
  readonly data: readonly Card[];
  readonly next_cursor: string | null;
}

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
  await importInto({ ...app.deps, source: createLineSource() }, [
    importLine({
      sku: 'TEE',
      title: 'Cotton tee',
      brand: 'Acme',
      category: ['Clothes', 'Shirts'],
      price_cents: 1_999,
      mpn: 'T-1',
      ean: ['5705730133671'],
      released_at: '2024-05-01',
      image_url: 'https://img.example/tee.jpg',
      description: 'Soft.',
      attributes: { material: 'cotton', washable: true, weight: 150 },
      stock: 0,
      variants: [{ sku: 'TEE-M', title: 'Medium', options: { size: 'M' }, price_cents: 2_099, stock: 4 }],
    }),
    importLine({ sku: 'CAP', title: 'Cap', category: ['Clothes'], price_cents: 900, stock: 1 }),
    importLine({ sku: 'MUG', title: 'Mug', category: ['Kitchen'], price_cents: 500, stock: 0 }),
  ]);
});
afterAll(() => app.close());

const card = {
  id: expect.any(String),
  slug: 'cotton-tee',
  sku: 'TEE',
  title: 'Cotton tee',
  brand: 'Acme',
  category: {
    slug: 'shirts',
    path: [
      { slug: 'clothes', name: 'Clothes' },
      { slug: 'shirts', name: 'Shirts' },
    ],
  },
  price: { amount: 1_999, currency: 'USD' },
  in_stock: true,
  rating: null,
  image_url: 'https://img.example/tee.jpg',
};

test('GET /categories answers the tree', async () => {
  const { status, body } = await app.call<unknown>('GET', '/categories');
  expect(status).toBe(200);
  expect(body).toEqual({
    data: [
      {
        id: expect.any(String),
        slug: 'clothes',
        name: 'Clothes',
        children: [{ id: expect.any(String), slug: 'shirts', name: 'Shirts', children: [] }],
      },
      { id: expect.any(String), slug: 'kitchen', name: 'Kitchen', children: [] },
    ],
  });
});

test('GET /categories/:slug answers its path and children', async () => {
  const { body } = await app.call<unknown>('GET', '/categories/clothes');
  expect(body).toEqual({
    id: expect.any(String),
    slug: 'clothes',
    name: 'Clothes',
    path: [{ slug: 'clothes', name: 'Clothes' }],
    children: [{ slug: 'shirts', name: 'Shirts' }],
  });
});

test('GET /products, by category, answers cards of its subtree', async () => {
  const { body } = await app.call<List>('GET', '/products?category=clothes&sort=-price');
  expect(body).toEqual({ data: [card, expect.objectContaining({ sku: 'CAP' })], next_cursor: null });
});

test('GET /products, with every filter, answers what meets all', async () => {
  const { body } = await app.call<List>('GET', '/products?brand=Acme&min_price=1000&max_price=1999&in_stock=true');
  expect(body.data.map((each) => each.sku)).toEqual(['TEE']);
});

test('GET /products, page by page, ends without a cursor', async () => {
  const first = (await app.call<List>('GET', '/products?limit=2&sort=price')).body;
  const second = (await app.call<List>('GET', `/products?limit=2&sort=price&cursor=${first.next_cursor}`)).body;
  expect([...first.data, ...second.data].map((each) => each.sku)).toEqual(['MUG', 'CAP', 'TEE']);
  expect(second.next_cursor).toBeNull();
});

test('GET /products/:id, by slug or id, answers the product in full', async () => {
  const { body } = await app.call<Card & { variants: { id: string }[] }>('GET', '/products/cotton-tee');
  expect(body).toEqual({
    ...card,
    mpn: 'T-1',
    ean: ['5705730133671'],
    released_on: '2024-05-01',
    description: 'Soft.',
    attributes: { material: 'cotton', washable: true, weight: 150 },
    options: [{ name: 'size', values: ['M'] }],
    images: [{ url: 'https://img.example/tee.jpg', alt: 'Cotton tee' }],
    variants: [
      {
        id: expect.any(String),
        sku: 'TEE',
        title: '',
        options: {},
        price: { amount: 1_999, currency: 'USD' },
        available: 0,
      },
      {
        id: expect.any(String),
        sku: 'TEE-M',
        title: 'Medium',
        options: { size: 'M' },
        price: { amount: 2_099, currency: 'USD' },
        available: 4,
      },
    ],
  });
  expect((await app.call<unknown>('GET', `/products/${body.id}`)).body).toEqual(body);
});

test('GET /variants/:id/availability answers what can be bought', async () => {
  const { body } = await app.call<{ variants: { id: string }[] }>('GET', '/products/cotton-tee');
  const [none, some] = body.variants;
  expect((await app.call<unknown>('GET', `/variants/${none?.id}/availability`)).body).toEqual({
    available: 0,
    in_stock: false,
  });
  expect((await app.call<unknown>('GET', `/variants/${some?.id}/availability`)).body).toEqual({
    available: 4,
    in_stock: true,
  });
});

test.each([
  '/categories/nothing',
  '/categories/%27%3B--',
  '/products/nothing',
  '/products/Not%20a%20slug',
  `/products/${newId()}`,
  `/variants/${newId()}/availability`,
])('GET %s, which is not there, answers 404', async (path) => {
  const { status, body } = await app.call('GET', path);
  expect([status, body.error.code]).toEqual([404, 'not_found']);
});

test('GET of a draft and its variant answers 404', async () => {
  const { productId, variantId } = await app.shop.product({ status: 'draft' });
  expect((await app.call('GET', `/products/${productId}`)).status).toBe(404);
  expect((await app.call('GET', `/variants/${variantId}/availability`)).status).toBe(404);
});

test.each([
  ['limit', '/products?limit=0'],
  ['limit', '/products?limit=101'],
  ['limit', '/products?limit=ten'],
  ['sort', '/products?sort=price;drop'],
  ['sort', '/products?sort=relevance'],
  ['min_price', '/products?min_price=-1'],
  ['max_price', '/products?max_price=1.5'],
  ['in_stock', '/products?in_stock=yes'],
  ['category', '/products?category=%27or%201=1'],
  ['brand', '/products?brand='],
  ['brand', '/products?brand=a&brand=b'],
  ['cursor', '/products?cursor=abc'],
  ['cursor', `/products?cursor=${encodeCursor(['newest', '0000-01-01T00:00:00Z', newId()])}`],
  ['cursor', `/products?cursor=${encodeCursor(['newest', '2026-02-30T00:00:00Z', newId()])}`],
  ['colour', '/products?colour=red'],
  ['q', '/products/search'],
  ['q', '/products/search?q=%20'],
  ['q', `/products/search?q=${'a'.repeat(201)}`],
  ['sort', '/products/search?q=a&sort=cheapest'],
  ['cursor', '/products/search?q=a&cursor=abc'],
  ['q', '/products/suggest'],
  ['limit', '/products/suggest?q=a&limit=5'],
  ['id', '/variants/abc/availability'],
])('GET, with a bad %s, answers 400 and names it', async (field, path) => {
  const { status, body } = await app.call('GET', path);
  expect([status, body.error.code]).toEqual([400, 'validation_failed']);
  expect(body.error.details.map((detail) => detail.field)).toEqual([field]);
});

test('GET /products/search answers cards, facets, and who answered', async () => {
  const { status, body } = await app.call<unknown>('GET', '/products/search?q=tee&in_stock=true');
  expect(status).toBe(200);
  expect(body).toEqual({
    data: [card],
    total: 1,
    facets: {
      category: [
        { value: 'clothes', name: 'Clothes', count: 1 },
        { value: 'shirts', name: 'Shirts', count: 1 },
      ],
      brand: [{ value: 'Acme', count: 1 }],
      price: [{ min_price: 0, max_price: 2_499, count: 1 }],
      in_stock: [
        { value: true, count: 1 },
        { value: false, count: 0 },
      ],
    },
    did_you_mean: null,
    next_cursor: null,
    backend: 'postgresql',
  });
});

test('GET /products/suggest completes what was typed', async () => {
  const { body } = await app.call<unknown>('GET', '/products/suggest?q=cott');
  expect(body).toEqual({ data: [{ kind: 'product', text: 'Cotton tee', slug: 'cotton-tee' }], backend: 'postgresql' });
});
