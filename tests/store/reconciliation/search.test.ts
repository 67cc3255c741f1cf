import { MockActivityEnvironment } from '@temporalio/testing';
import { createSearchActivities } from '../../../src/activities/search.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createElasticsearchIndex, type ElasticsearchIndex } from '../../../src/infra/elasticsearch/search-index.js';
import { importLine, openCatalogue, type TestCatalogue } from '../../support/catalogue.js';
import { createReconciler, NOBODY } from '../../support/reconciliation.js';
import { describeWith, serviceUrl } from '../../support/services.js';

describeWith(['postgres', 'elasticsearch'], 'reconciliation of the search index', () => {
  let shop: TestCatalogue;
  let index: ElasticsearchIndex;
  let books: ReturnType<typeof createReconciler>;
  let ids: Readonly<Record<string, string>>;
  beforeAll(async () => {
    shop = await openCatalogue();
    await shop.import(
      ['A', 'B', 'C', 'D'].map((sku) => importLine({ sku, description: `Best of ${sku}`, ean: ['4006381333931'] })),
    );
    index = createElasticsearchIndex({ url: serviceUrl('elasticsearch'), alias: `test-${process.pid}-${Date.now()}` });
    const { rebuildIndex } = createSearchActivities({ ...shop, index });
    await new MockActivityEnvironment().run(rebuildIndex);
    books = createReconciler({ ...NOBODY, transact: shop.transact, query: shop.query, index });
    const rows = await shop.rows<{ sku: string; id: string }>('select sku, product_id as id from variants');
    ids = Object.fromEntries(rows.map(({ sku, id }) => [sku, id]));
    await published();
  });
  afterAll(async () => {
    await index.drop();
    await index.close();
    await shop.close();
  });

  /** All that was announced is long indexed. */
  const published = () =>
    shop.rows(
      `update outbox set published_at = now() - interval '1 hour', created_at = now() - interval '1 hour' returning id`,
    );
  const announced = async (): Promise<string[]> =>
    (
      await shop.rows<{ id: string }>(
        `select jsonb_array_elements_text(payload -> 'product_ids') as id from outbox where published_at is null`,
      )
    ).map(({ id }) => id);
  /** What a flow would do with what was announced. */
  async function follow(): Promise<void> {
    const { indexProducts } = createSearchActivities({ ...shop, index });
    await new MockActivityEnvironment().run<[string[]], unknown, typeof indexProducts>(
      indexProducts,
      await announced(),
    );
    await index.refresh();
    await published();
  }
  const write = (id: string, title: string | null) =>
    shop.rows(`update products set title = coalesce(?, title) where id = ? returning id`, [title, id]);

  test('an index that says what the products say has no difference', async () => {
    expect(Object.keys(ids)).toHaveLength(4);
    expect(await index.ensure()).toBe('ready');
    await index.refresh();
    await books.run('search');
    for (const id of Object.values(ids)) expect(await books.about(id)).toEqual([]);
    expect(await announced()).toEqual([]);
  });

  test('products that are missing, stale or too many in the index are announced, and follow', async () => {
    const { A = '', B = '', C = '', D = '' } = ids;
    const gone = newId();
    const document = {
      id: gone,
      skus: [],
      title: 'Gone',
      brand: 'Gone',
      mpn: '',
      ean: [],
      description: '',
      attributes: [],
      categorySlugs: [],
      categoryNames: [],
      price: 1,
      inStock: false,
      createdAt: 0,
    };
    await index.write([
      { id: A, version: 1_000_000_000, document: null },
      { id: gone, version: 1, document },
    ]);
    await write(B, 'Of another title');
    await shop.rows(`update products set status = 'archived' where id = ? returning id`, [C]);
    await index.refresh();
    await books.run('search');
    const what = async (id: string) => (await books.about(id)).map(({ found, state }) => [found['index'], state]);
    expect(await Promise.all([A, B, C, gone, D].map(what))).toEqual([
      [['absent', 'repaired']],
      [['stale', 'repaired']],
      [['present', 'repaired']],
      [['present', 'repaired']],
      [],
    ]);
    expect((await announced()).sort()).toEqual([A, B, C, gone].sort());
  });

  test('what was announced a moment ago is left to its flow', async () => {
    const { D = '' } = ids;
    await published();
    await write(D, 'Just changed');
    await shop.rows(
      `insert into outbox (topic, key, payload) values ('search.products', 'x', jsonb_build_object('product_ids', jsonb_build_array(?::text))) returning id`,
      [D],
    );
    await books.run('search');
    expect(await books.about(D)).toEqual([]);
    await follow();
    await books.run('search');
    expect(await books.about(D)).toEqual([]);
  });

  test('without a search engine nothing is looked at', async () => {
    const none = createReconciler({ ...NOBODY, transact: shop.transact, query: shop.query });
    await expect(none.run('search')).resolves.toEqual(expect.any(String));
  });
});
