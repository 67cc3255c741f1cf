import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type Answer, type ErrorBody, type TestApp } from '../../support/app.js';

interface Body extends ErrorBody {
  readonly id: string;
  readonly sku: string;
  readonly slug: string;
  readonly version: number;
  readonly variants: readonly {
    readonly id: string;
    readonly sku: string;
    readonly status: string;
    readonly options: object;
  }[];
  readonly data: readonly Body[];
  readonly next_cursor: string | null;
  readonly [field: string]: unknown;
}
type Person = { userId: string; headers: Record<string, string> };

let app: TestApp;
let admin: Person;
beforeAll(async () => {
  app = await openApp();
  admin = await app.login({ roles: ['admin'] });
});
afterAll(() => app.close());

const call = (
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer<Body>> =>
  app.call<Body>(method, path, { headers: { ...admin.headers, ...headers }, ...(body === undefined ? {} : { body }) });
const usd = (amount: number) => ({ amount, currency: 'USD' });
let count = 0;
const category = async (name = `Shelf ${(count += 1)}`, more: object = {}) =>
  (await call('POST', '/admin/categories', { name, ...more })).body;
const product = async (more: object = {}, headers: Record<string, string> = {}) =>
  call(
    'POST',
    '/admin/products',
    {
      sku: `SKU-${(count += 1)}`,
      title: `Thing ${count}`,
      category_id: (await category()).id,
      price: usd(1_000),
      ...more,
    },
    headers,
  );
async function vendor(): Promise<Person & { vendorId: string }> {
  const vendorId = newId();
  await app.shop.run('insert into vendors (id, slug, name) values (?, ?, ?)', [vendorId, vendorId, 'Vendor']);
  const person = await app.login({ roles: ['vendor'] });
  await app.shop.run('update users set vendor_id = ? where id = ?', [vendorId, person.userId]);
  return { ...person, vendorId };
}
const refusal = ({ status, body }: Answer<Body>) => [status, body.error.code, body.error.details[0]?.field];
const announced = async (productId: string) =>
  (
    await app.shop.rows(
      `select 1 from outbox where topic = 'search.products' and payload->'product_ids' @> to_jsonb(?::text)`,
      [productId],
    )
  ).length;
const actions = async (type: string, id: string) =>
  (
    await app.shop.rows<{ action: string }>(
      'select action from audit_log where object_type = ? and object_id = ? and actor_id = ? order by id',
      [type, id, admin.userId],
    )
  ).map((row) => row.action);

describe('categories', () => {
  const paths = async (...slugs: string[]) =>
    (
      await app.shop.rows<{ path: string }>(
        `select path::text as path from categories where slug in (select jsonb_array_elements_text(?::jsonb)) order by path`,
        [JSON.stringify(slugs)],
      )
    ).map((row) => row.path);

  test('a category that is moved and renamed takes what is below it along, and the search index follows its products', async () => {
    const top = await category('Tools');
    const [a, elsewhere] = [await category('Drills', { parent_id: top.id }), await category('Garden')];
    const leaf = await category('Bits', { parent_id: a.id });
    const { body: inside } = await product({ category_id: leaf.id });
    const before = await announced(inside.id);
    const moved = await call('PATCH', `/admin/categories/${a.id}`, { parent_id: elsewhere.id, slug: 'boring' });
    expect(moved.body).toMatchObject({ parent_id: elsewhere.id, slug: 'boring', name: 'Drills', version: 2 });
    expect(await paths('boring', 'bits')).toEqual(['garden.boring', 'garden.boring.bits']);
    expect(await announced(inside.id)).toBe(before + 1);
    expect((await call('PATCH', `/admin/categories/${a.id}`, { parent_id: null })).status).toBe(200);
    expect(await paths('boring', 'bits')).toEqual(['boring', 'boring.bits']);
    expect(await actions('category', a.id)).toEqual(['category.created', 'category.changed', 'category.changed']);
  });

  test('a category that would be put below itself, below nothing, or too deep, is refused', async () => {
    const top = await category();
    const below = await category(undefined, { parent_id: top.id });
    for (const parent_id of [top.id, below.id, newId()])
      expect(refusal(await call('PATCH', `/admin/categories/${top.id}`, { parent_id }))).toEqual([
        400,
        'validation_failed',
        'parent_id',
      ]);
    let deepest = below;
    for (let level = 3; level <= 12; level += 1) deepest = await category(undefined, { parent_id: deepest.id });
    expect(refusal(await call('POST', '/admin/categories', { name: 'Deeper', parent_id: deepest.id }))[2]).toBe(
      'parent_id',
    );
    const other = await category();
    expect(refusal(await call('PATCH', `/admin/categories/${top.id}`, { parent_id: other.id }))[2]).toBe('parent_id');
  });

  test('a slug that is taken is 409 and named; without one a free one is found', async () => {
    const first = await category('Same name');
    expect(refusal(await call('POST', '/admin/categories', { name: 'x', slug: first.slug }))).toEqual([
      409,
      'conflict',
      'slug',
    ]);
    const other = await category();
    expect(refusal(await call('PATCH', `/admin/categories/${other.id}`, { slug: first.slug }))).toEqual([
      409,
      'conflict',
      'slug',
    ]);
    expect((await category('Same name')).slug).not.toBe(first.slug);
    expect((await category('Same name')).slug).not.toBe(first.slug);
  });

  test('a category with something in it cannot be deleted; an empty one can, by who saw it last', async () => {
    const top = await category();
    const below = await category(undefined, { parent_id: top.id });
    const { body: inside } = await product({ category_id: below.id });
    for (const { id } of [top, below]) expect((await call('DELETE', `/admin/categories/${id}`)).status).toBe(409);
    expect((await call('DELETE', `/admin/products/${inside.id}`)).status).toBe(204);
    expect((await call('DELETE', `/admin/categories/${below.id}`, undefined, { 'If-Match': '"7"' })).status).toBe(412);
    expect((await call('DELETE', `/admin/categories/${below.id}`, undefined, { 'If-Match': '"1"' })).status).toBe(204);
    expect((await call('GET', `/admin/categories/${below.id}`)).status).toBe(404);
  });

  test('the tree is the shop’s: vendors are refused', async () => {
    const { headers } = await vendor();
    const { id } = await category();
    for (const [method, path, body] of [
      ['POST', '/admin/categories', { name: 'Mine' }],
      ['PATCH', `/admin/categories/${id}`, { name: 'Mine' }],
      ['DELETE', `/admin/categories/${id}`],
    ] as const)
      expect((await call(method, path, body, headers)).status).toBe(403);
  });
});

describe('products', () => {
  test('a product is made as a draft with a variant for each combination, published, and found by shoppers', async () => {
    const made = await product({
      sku: 'TEE',
      title: 'Tee',
      brand: 'Acme',
      attributes: { material: 'cotton', washable: true },
      images: [{ url: 'https://img.example/1.jpg' }],
      options: [
        { name: 'Size', values: [{ value: 'S' }, { value: 'L', price_adjustment: 200 }] },
        { name: 'Colour', values: [{ value: 'red' }, { value: 'blue' }] },
      ],
    });
    expect(made.status).toBe(201);
    expect(made.headers.get('etag')).toBe(`"${made.body.version}"`);
    expect(made.body).toMatchObject({ status: 'draft', vendor_id: null, sku: 'TEE', price: usd(1_000) });
    expect(made.body.variants).toMatchObject([
      { sku: 'TEE', is_default: true, options: { Size: 'S', Colour: 'red' }, price_adjustment: usd(0) },
      { sku: 'TEE-S-BLUE', price_adjustment: usd(0) },
      { sku: 'TEE-L-RED', price_adjustment: usd(200) },
      { sku: 'TEE-L-BLUE', options: { Size: 'L', Colour: 'blue' }, price_adjustment: usd(200) },
    ]);
    const { id } = made.body;
    expect((await app.call('GET', `/products/${id}`)).status).toBe(404);
    expect((await call('PATCH', `/admin/products/${id}`, { status: 'published' })).body).toMatchObject({
      status: 'published',
    });
    expect((await app.call<Body>('GET', `/products/${id}`)).body).toMatchObject({
      title: 'Tee',
      image_url: 'https://img.example/1.jpg',
      in_stock: false,
      attributes: { material: 'cotton', washable: true },
    });
    expect(await actions('product', id)).toEqual(['product.created', 'product.changed']);
    expect(await announced(id)).toBe(2);
  });

  test('a product that was changed meanwhile is not overwritten', async () => {
    const { body } = await product();
    const seen = { 'If-Match': `"${body.version}"` };
    const changed = await call('PATCH', `/admin/products/${body.id}`, { title: 'First' }, seen);
    expect([changed.status, changed.body.version]).toEqual([200, body.version + 1]);
    expect((await call('PATCH', `/admin/products/${body.id}`, { title: 'Second' }, seen)).status).toBe(412);
    expect((await call('GET', `/admin/products/${body.id}`)).body).toMatchObject({ title: 'First' });
  });

  test('everything that may be said of a product is kept as it was said', async () => {
    const { body } = await product();
    const said = {
      title: 'New title',
      slug: `slug-${body.id}`,
      brand: '',
      mpn: 'M1',
      description: 'Says "hi"',
      attributes: { a: 1 },
      ean: ['12345678'],
      released_on: '2024-05-01',
      tax_class: 'reduced',
      price: usd(5),
    };
    expect((await call('PATCH', `/admin/products/${body.id}`, said)).body).toMatchObject(said);
    const images = [
      { url: 'https://img.example/2.jpg', alt: 'Back' },
      { url: 'https://img.example/1.jpg', alt: '' },
    ];
    expect((await call('PUT', `/admin/products/${body.id}/images`, { images })).body).toMatchObject({
      ...said,
      images,
    });
    expect(
      refusal(await call('PUT', `/admin/products/${body.id}/images`, { images: [{ url: 'javascript:alert(1)' }] }))[2],
    ).toBe('images.0.url');
  });

  test('a status that cannot follow is 409; what was archived comes back as a draft', async () => {
    const { body } = await product({ status: 'published' });
    const become = async (status: string) => (await call('PATCH', `/admin/products/${body.id}`, { status })).status;
    expect([
      await become('archived'),
      await become('published'),
      await become('draft'),
      await become('published'),
    ]).toEqual([200, 409, 200, 200]);
  });

  test('what is taken, unknown or impossible is named', async () => {
    const first = (await product({ slug: `first-${newId()}` })).body;
    const bad = async (more: object) => refusal(await product(more));
    expect(await bad({ sku: first.sku })).toEqual([409, 'conflict', 'sku']);
    expect(await bad({ slug: first.slug })).toEqual([409, 'conflict', 'slug']);
    expect(await bad({ category_id: newId() })).toEqual([400, 'validation_failed', 'category_id']);
    expect(await bad({ vendor_id: newId() })).toEqual([400, 'validation_failed', 'vendor_id']);
    expect(await bad({ price: { amount: 1, currency: 'EUR' } })).toEqual([400, 'validation_failed', 'price.currency']);
    expect(await bad({ price: usd(-1) })).toEqual([400, 'validation_failed', 'price.amount']);
    const cheaper = [{ name: 'Size', values: [{ value: 'S' }, { value: 'XS', price_adjustment: -1_001 }] }];
    expect(await bad({ options: cheaper })).toEqual([400, 'validation_failed', 'price']);
    expect(await bad({ released_on: '0000-01-01' })).toEqual([400, 'validation_failed', 'released_on']);
    expect(await bad({ colour: 'red' })).toEqual([400, 'validation_failed', 'colour']);
  });

  test('POST /admin/products, with a key again, makes one product', async () => {
    const { id } = await category();
    const body = { sku: 'KEYED', title: 'Keyed', category_id: id, price: usd(1) };
    const headers = { 'Idempotency-Key': newId() };
    const [first, again] = [
      await call('POST', '/admin/products', body, headers),
      await call('POST', '/admin/products', body, headers),
    ];
    expect([again.status, again.body.id, again.headers.get('idempotent-replayed')]).toEqual([
      201,
      first.body.id,
      'true',
    ]);
  });

  test('a product that was ever counted, put into a cart or sold cannot be deleted', async () => {
    const { body } = await product({ status: 'published' });
    const [{ id: variantId } = { id: '' }] = body.variants;
    await call('PATCH', `/admin/inventory/${variantId}`, { delta: 3, reason: 'new' });
    const refused = await call('DELETE', `/admin/products/${body.id}`);
    expect([refused.status, refused.body.error.data]).toEqual([409, { used_by: ['movements'] }]);
    const other = (await product({ status: 'published' })).body;
    const variant = other.variants[0]?.id ?? '';
    await app.shop.setStock(variant, 1);
    expect((await app.call('POST', '/cart/items', { body: { variant_id: variant, quantity: 1 } })).status).toBe(200);
    const wanted = await call('DELETE', `/admin/products/${other.id}`);
    expect([wanted.status, wanted.body.error.data]).toEqual([409, { used_by: ['carts'] }]);
    const unused = (await product()).body;
    expect((await call('DELETE', `/admin/products/${unused.id}`)).status).toBe(204);
    expect((await call('GET', `/admin/products/${unused.id}`)).status).toBe(404);
    expect(await announced(unused.id)).toBe(2);
  });

  test('lists show every state, filter, page, and take one statement however many they show', async () => {
    const shelf = await category();
    const made = [];
    for (const status of ['draft', 'published', 'archived'])
      made.push((await product({ category_id: shelf.id, status })).body.id);
    const list = async (query: string) => (await call('GET', `/admin/products?category=${shelf.slug}&${query}`)).body;
    const first = await list('limit=2');
    const second = await list(`limit=2&cursor=${first.next_cursor ?? ''}`);
    expect([...first.data, ...second.data].map((each) => each.id)).toEqual(made.toReversed());
    expect((await list('status=archived')).data.map((each) => each.id)).toEqual([made[2]]);
    expect((await list(`sku=${first.data[0]?.sku ?? ''}`)).data).toHaveLength(1);
  });
});

describe('variants', () => {
  const options = (...values: string[]) => ({
    options: [{ name: 'Size', values: values.map((value) => ({ value })) }],
  });

  test('new options keep the variants that are still combinations, make what is missing and retire the rest', async () => {
    const { body } = await product(options('S', 'M', 'L'));
    const [s, m, l] = body.variants;
    const set = await call('PUT', `/admin/products/${body.id}/options`, options('S', 'L', 'XL'));
    expect(set.body.variants).toHaveLength(4);
    expect(new Map(set.body.variants.map((each) => [each.id, each.status]))).toEqual(
      new Map([
        [s?.id, 'active'],
        [l?.id, 'active'],
        [m?.id, 'retired'],
        [set.body.variants.find((each) => each.sku.endsWith('-XL'))?.id, 'active'],
      ]),
    );
    const back = await call('PUT', `/admin/products/${body.id}/options`, options('S', 'M', 'L'));
    expect(back.body.variants.find((each) => each.id === m?.id)?.status).toBe('active');
  });

  test('a variant is added, changed and removed, and its product’s version moves along', async () => {
    const { body } = await product();
    const added = await call('POST', `/admin/products/${body.id}/variants`, {
      sku: `V-${body.sku}`,
      price_adjustment: 50,
    });
    expect([added.status, added.body['price_adjustment']]).toEqual([201, usd(50)]);
    expect(refusal(await call('POST', `/admin/products/${body.id}/variants`, { sku: body.sku }))).toEqual([
      409,
      'conflict',
      'sku',
    ]);
    const path = `/admin/variants/${added.body.id}`;
    const changed = await call('PATCH', path, { title: 'Large', status: 'retired' }, { 'If-Match': '"1"' });
    expect(changed.body).toMatchObject({ title: 'Large', status: 'retired', version: 2, price_adjustment: usd(50) });
    expect((await call('PATCH', path, { title: 'x' }, { 'If-Match': '"1"' })).status).toBe(412);
    expect(refusal(await call('PATCH', path, { price_adjustment: -1_001 }))[2]).toBe('price');
    expect((await call('GET', `/admin/products/${body.id}`)).body.version).toBe(body.version + 2);
    expect((await call('DELETE', path)).status).toBe(204);
    expect((await call('GET', path)).status).toBe(404);
    expect(await actions('product', body.id)).toEqual([
      'product.created',
      'variant.created',
      'variant.changed',
      'variant.deleted',
    ]);
  });

  test('the default variant stays on sale at its product’s price', async () => {
    const { body } = await product();
    const path = `/admin/variants/${body.variants[0]?.id ?? ''}`;
    expect(refusal(await call('PATCH', path, { status: 'retired' }))[2]).toBe('status');
    expect(refusal(await call('PATCH', path, { price_adjustment: 1 }))[2]).toBe('price_adjustment');
    expect((await call('DELETE', path)).status).toBe(409);
  });
});

test('vendors make, see and change their own products; those of others and of the shop are 404 to them', async () => {
  const [one, other] = [await vendor(), await vendor()];
  const mine = (await product({}, one.headers)).body;
  expect(mine).toMatchObject({ vendor_id: one.vendorId, status: 'draft' });
  const own = `/admin/products/${mine.id}`;
  for (const change of [{ vendor_id: other.vendorId }, { tax_class: 'none' }])
    for (const answer of [await product(change, one.headers), await call('PATCH', own, change, one.headers)])
      expect(refusal(answer)).toEqual([400, 'validation_failed', Object.keys(change)[0]]);
  const foreign = [(await product({}, other.headers)).body, (await product()).body];
  for (const { id, variants } of foreign) {
    const variant = variants[0]?.id ?? '';
    for (const [method, path, body] of [
      ['GET', `/admin/products/${id}`],
      ['PATCH', `/admin/products/${id}`, { title: 'Mine' }],
      ['PUT', `/admin/products/${id}/images`, { images: [] }],
      ['PUT', `/admin/products/${id}/options`, { options: [] }],
      ['POST', `/admin/products/${id}/variants`, { sku: `X-${id.slice(-12)}` }],
      ['DELETE', `/admin/products/${id}`],
      ['GET', `/admin/variants/${variant}`],
      ['PATCH', `/admin/variants/${variant}`, { title: 'Mine' }],
      ['DELETE', `/admin/variants/${variant}`],
    ] as const)
      expect([method, path, (await call(method, path, body, one.headers)).status]).toEqual([method, path, 404]);
  }
  expect((await call('PATCH', own, { title: 'Better' }, one.headers)).status).toBe(200);
  const list = await call('GET', '/admin/products', undefined, one.headers);
  expect(list.body.data.map((each) => each.id)).toEqual([mine.id]);
});

test('customers and staff are refused, guests are asked to log in', async () => {
  for (const roles of [['customer'], ['staff']]) {
    const { headers } = await app.login({ roles });
    expect((await call('GET', '/admin/products', undefined, headers)).status).toBe(403);
  }
  expect((await app.call('GET', '/admin/products')).status).toBe(401);
});
