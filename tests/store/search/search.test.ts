import { MockActivityEnvironment } from '@temporalio/testing';
import { createSearchActivities } from '../../../src/activities/search.js';
import {
  createPostgresSearch,
  createSearch,
  readChanges,
  type Search,
  type SearchReader,
  type SearchRequest,
} from '../../../src/domain/search/index.js';
import { createElasticsearchIndex, type ElasticsearchIndex } from '../../../src/infra/elasticsearch/search-index.js';
import { importLine, openCatalogue, type TestCatalogue } from '../../support/catalogue.js';
import { describeWith, serviceUrl } from '../../support/services.js';

const PRODUCTS = [
  importLine({
    sku: 'L-1',
    title: 'ThinkPad T14 notebook',
    brand: 'Lenovo',
    category: ['Computers', 'Laptops'],
    price_cents: 120_000,
    stock: 2,
  }),
  importLine({
    sku: 'L-2',
    title: 'EliteBook 840 laptop',
    brand: 'HP',
    category: ['Computers', 'Laptops'],
    price_cents: 99_900,
    stock: 0,
  }),
  importLine({
    sku: 'B-1',
    title: 'Laptop bag 15 inch',
    brand: 'Targus',
    category: ['Computers', 'Bags'],
    price_cents: 4_999,
    stock: 5,
  }),
  importLine({
    sku: 'H-1',
    title: 'USB hub 4 ports',
    brand: 'Sandberg',
    mpn: '133-67',
    category: ['Cables'],
    price_cents: 2_500,
    ean: ['5705730133671'],
  }),
  ...Array.from({ length: 12 }, (_, n) =>
    importLine({
      sku: `M-${n}`,
      title: `Optical mouse model ${n}`,
      brand: n % 2 === 0 ? 'Logitech' : 'HP',
      category: ['Input'],
      price_cents: 1_000 + 10 * (n % 3),
      stock: n % 4,
    }),
  ),
];

let shop: TestCatalogue;
beforeAll(async () => {
  shop = await openCatalogue();
  await shop.import(PRODUCTS);
});
afterAll(() => shop.close());

const productIds = async () => (await shop.rows<{ id: string }>('select id from products')).map((row) => row.id);
const searchOver = (primary: SearchReader | null, onOutage: (error: unknown) => void = () => undefined): Search =>
  createSearch({
    primary,
    fallback: createPostgresSearch(shop.query),
    query: shop.query,
    now: () => new Date(),
    onOutage,
  });
const ask = (search: Search, text: string, change: Partial<SearchRequest> = {}) =>
  search.search({ text, sort: 'relevance', limit: 20, ...change });
const skus = (result: { readonly data: readonly { readonly sku: string }[] }) => result.data.map((card) => card.sku);
const run = <T>(activity: (...args: never[]) => Promise<T>, ...args: unknown[]): Promise<T> =>
  new MockActivityEnvironment().run<unknown[], T, (...each: unknown[]) => Promise<T>>(
    activity as (...each: unknown[]) => Promise<T>,
    ...args,
  );

/** What every backend must do alike. */
function searches(backend: 'elasticsearch' | 'postgresql', open: () => Search): void {
  const find = (text: string, change: Partial<SearchRequest> = {}) => ask(open(), text, change);

  test(`${backend} search, for a word of titles and categories, finds both and says who answered`, async () => {
    const result = await find('laptop');
    expect(new Set(skus(result))).toEqual(new Set(['L-1', 'L-2', 'B-1']));
    expect(result).toMatchObject({ total: 3, didYouMean: null, nextCursor: null, backend });
  });

  test.each(['M-3', '5705730133671', '133-67'])(
    `${backend} search, for the number %s, finds its product first`,
    async (text) => {
      expect(skus(await find(text))[0]).toBe(text === 'M-3' ? 'M-3' : 'H-1');
    },
  );

  test(`${backend} search, for two words that a title writes as one, finds it`, async () => {
    expect(skus(await find('think pad'))).toEqual(['L-1']);
  });

  test(`${backend} search, for words spread over brand and title, finds what has all`, async () => {
    expect(skus(await find('hp elitebook'))[0]).toBe('L-2');
  });

  test(`${backend} search, for a word with a typing error, finds what was meant or says so`, async () => {
    const result = await find('labtop');
    expect(result.didYouMean).toBe('laptop');
    const again = await find(result.didYouMean ?? '');
    expect(again.total).toBe(3);
  });

  test(`${backend} search, with filters, shows in each facet what the other filters leave`, async () => {
    const { data, total, facets } = await find('mouse', { brand: 'HP', inStock: true });
    expect(total).toBe(6);
    expect(data.every((card) => card.brand === 'HP' && card.inStock)).toBe(true);
    expect(facets.brand).toEqual([
      { value: 'HP', count: 6 },
      { value: 'Logitech', count: 3 },
    ]);
    expect(facets.inStock).toEqual({ yes: 6, no: 0 });
    expect(facets.category).toEqual([{ value: 'input', name: 'Input', count: 6 }]);
    expect(facets.price).toEqual([{ minPrice: 0, maxPrice: 2_499, count: 6 }]);
  });

  test(`${backend} search, with a category, includes its subtree, and with prices both ends`, async () => {
    expect((await find('laptop', { category: 'computers' })).total).toBe(3);
    expect(skus(await find('laptop', { category: 'laptops', maxPrice: 99_900 }))).toEqual(['L-2']);
    expect(skus(await find('laptop', { minPrice: 120_000 }))).toEqual(['L-1']);
  });

  test.each(['relevance', 'newest', 'price', '-price', 'title', '-title'] as const)(
    `${backend} search, page by page by %s, shows each product once`,
    async (sort) => {
      const whole = skus(await find('mouse', { sort }));
      expect(whole).toHaveLength(12);
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof find>> = await find('mouse', {
          sort,
          limit: 5,
          ...(cursor === null ? {} : { cursor }),
        });
        seen.push(...skus(page));
        cursor = page.nextCursor;
      } while (cursor !== null);
      expect(seen).toEqual(whole);
    },
  );

  test.each([
    "'; drop table products; --",
    '100% _ \\',
    '((("',
    '"* : & | !',
    'AND OR NOT',
    '{"match_all":{}}',
    '\u{1F600}',
  ])(`${backend} search, for %j, answers like for any text`, async (text) => {
    expect((await find(text)).backend).toBe(backend);
    expect((await open().suggest(text, 5)).backend).toBe(backend);
  });

  test(`${backend} suggest, for an unfinished word, completes products, brands and categories`, async () => {
    const { data } = await open().suggest('lap', 8);
    expect(data).toContainEqual({ kind: 'category', text: 'Laptops', slug: 'laptops' });
    expect(data).toContainEqual({ kind: 'product', text: 'Laptop bag 15 inch', slug: 'laptop-bag-15-inch' });
    expect((await open().suggest('log', 8)).data).toContainEqual({ kind: 'brand', text: 'Logitech', slug: null });
    expect((await open().suggest('optical mouse mod', 3)).data).toHaveLength(3);
  });
}

describe('postgresql', () => {
  beforeAll(async () => {
    const { indexProducts } = createSearchActivities({ transact: shop.transact, query: shop.query, index: null });
    await run(indexProducts, await productIds());
  });
  searches('postgresql', () => searchOver(null));

  test('search, for a page of hits, runs as many statements for twenty as for one', async () => {
    const one = await shop.statements(() => ask(searchOver(null), 'mouse', { limit: 1 }));
    const twenty = await shop.statements(() => ask(searchOver(null), 'mouse', { limit: 20 }));
    expect(twenty).toHaveLength(one.length);
  });

  test('search, when the engine fails, answers from PostgreSQL, tells of it, and stops asking after three times', async () => {
    let asked = 0;
    const outages: unknown[] = [];
    const failing: SearchReader = {
      search: () => Promise.reject(new Error(`outage ${(asked += 1)}`)),
      suggest: () => Promise.reject(new Error('outage')),
    };
    const search = searchOver(failing, (error) => outages.push(error));
    for (let times = 0; times < 5; times += 1)
      expect(await ask(search, 'mouse')).toMatchObject({ backend: 'postgresql', total: 12 });
    expect([asked, outages.length]).toEqual([3, 3]);
  });

  test('search, when the engine fails between two pages, goes on behind what was shown', async () => {
    const first = await ask(searchOver(null), 'mouse', { sort: 'price', limit: 5 });
    const parts = JSON.parse(Buffer.from(first.nextCursor ?? '', 'base64url').toString()) as unknown[];
    const fromEngine = Buffer.from(JSON.stringify([parts[0], 'elasticsearch', 5, 1, parts[4]])).toString('base64url');
    const second = await ask(searchOver(null), 'mouse', { sort: 'price', limit: 20, cursor: fromEngine });
    expect(second.data).toHaveLength(7);
    expect(skus(second)).not.toEqual(expect.arrayContaining(skus(first)));
  });
});

describeWith('elasticsearch', 'elasticsearch', () => {
  let index: ElasticsearchIndex;
  let activities: ReturnType<typeof createSearchActivities>;
  const open = () => searchOver(index, (error) => expect(error).toBeUndefined());

  beforeAll(async () => {
    index = createElasticsearchIndex({
      url: serviceUrl('elasticsearch'),
      alias: `test-${process.pid}-${Date.now()}`,
      searchTimeoutMs: 20_000,
    });
    activities = createSearchActivities({ transact: shop.transact, query: shop.query, index });
  });
  afterAll(async () => {
    await index.drop();
    await index.close();
  });

  test('index, when there is none, asks to be rebuilt; rebuilt, it holds every product and is ready', async () => {
    expect(await run(activities.indexProducts, (await productIds()).slice(0, 2))).toEqual({ rebuild: true });
    expect(await run(activities.rebuildIndex)).toEqual({ products: PRODUCTS.length });
    expect(await index.ensure()).toBe('ready');
  });

  searches('elasticsearch', open);

  test('index, when a product changes, follows it, and takes out what is no longer published', async () => {
    const ids = await productIds();
    await shop.transact((em) =>
      em.execute(`update products set title = 'Trackball deluxe' where slug = 'optical-mouse-model-0'`),
    );
    await shop.transact((em) =>
      em.execute(`update products set status = 'archived' where slug = 'optical-mouse-model-1'`),
    );
    expect(await run(activities.indexProducts, ids)).toEqual({ rebuild: false });
    await index.refresh();
    expect(skus(await ask(open(), 'trackball'))).toEqual(['M-0']);
    expect((await ask(open(), 'mouse')).total).toBe(10);
  });

  test('index, when an older truth is written after a newer one, keeps the newer one', async () => {
    const [id] = (await shop.rows<{ id: string }>(`select id from products where slug = 'usb-hub-4-ports'`)).map(
      (row) => row.id,
    );
    const older = await shop.query((em) => readChanges(em, [id ?? '']));
    await shop.transact((em) => em.execute(`update products set title = 'USB hub newest' where id = ?`, [id ?? '']));
    const newer = await shop.query((em) => readChanges(em, [id ?? '']));
    await index.write(newer);
    await index.write(older);
    await index.refresh();
    expect((await ask(open(), 'newest hub')).data.map((card) => card.title)).toEqual(['USB hub newest']);
    expect(await index.search({ text: 'ports', sort: 'relevance', limit: 5, position: { skip: 0 } })).toMatchObject({
      total: 0,
    });
  });

  test('search, when the index is stale, shows price and stock of PostgreSQL and leaves out what no longer fits', async () => {
    await shop.transact((em) => em.execute(`update products set price_amount = 5 where slug = 'laptop-bag-15-inch'`));
    const result = await ask(open(), 'laptop bag');
    expect(result.backend).toBe('elasticsearch');
    expect(result.data.find((card) => card.sku === 'B-1')?.price.amount).toBe(5);
    expect(skus(await ask(open(), 'laptop bag', { minPrice: 4_000 }))).not.toContain('B-1');
  });

  test('index, when Elasticsearch loses it, is made anew with its mapping', async () => {
    await index.drop();
    expect(await ask(searchOver(index), 'mouse')).toMatchObject({ backend: 'postgresql' });
    const [id] = await productIds();
    await index.write(await shop.query((em) => readChanges(em, [id ?? ''])));
    expect(await index.ensure()).toBe('rebuild');
    await run(activities.rebuildIndex);
    expect(await ask(open(), 'hub')).toMatchObject({ backend: 'elasticsearch' });
  });
});
