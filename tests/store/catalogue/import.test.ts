import { appendFile } from 'node:fs/promises';
import { listRefusals, stockBySku } from '../../../src/domain/catalogue/index.js';
import type { Transact } from '../../../src/domain/kernel/transact.js';
import { importLine, openCatalogue, type TestCatalogue } from '../../support/catalogue.js';

let shop: TestCatalogue;
beforeEach(async () => {
  shop = await openCatalogue();
});
afterEach(() => shop.close());

const lines = (count: number, change: Record<string, unknown> = {}) =>
  Array.from({ length: count }, (_, index) => importLine({ sku: `P-${index}`, ...change }));
const counts = ({
  created,
  updated,
  unchanged,
  refused,
}: Record<'created' | 'updated' | 'unchanged' | 'refused', number>) => [created, updated, unchanged, refused];
const outbox = async () => {
  const rows = await shop.rows<{ payload: { product_ids: string[] } }>(
    `select payload from outbox where topic = 'search.products' order by id`,
  );
  return rows.map((row) => row.payload.product_ids.length);
};

test('import, when run again, writes nothing and counts every line as unchanged', async () => {
  expect(counts(await shop.import(lines(600)))).toEqual([600, 0, 0, 0]);
  const dump = () => shop.rows('select xmin::text as written, p.* from products p order by id');
  const before = await dump();
  expect(counts(await shop.import(lines(600)))).toEqual([0, 0, 600, 0]);
  expect(await dump()).toEqual(before);
  expect(await outbox()).toEqual([250, 250, 100]);
});

test('import, when a line changed, updates that product alone and keeps its address', async () => {
  await shop.import(lines(3));
  const progress = await shop.import([...lines(2), importLine({ sku: 'P-2', title: 'Renamed', price_cents: 5 })]);
  expect(counts(progress)).toEqual([0, 1, 2, 0]);
  const [product] = await shop.rows(
    `select p.title, p.slug, p.price_amount, p.version from products p where title = 'Renamed'`,
  );
  expect(product).toEqual({ title: 'Renamed', slug: 'product-p-2', price_amount: 5, version: 2 });
  expect(await outbox()).toEqual([3, 1]);
});

test('import, when a SKU comes twice, the later line wins', async () => {
  const progress = await shop.import([
    importLine({ sku: 'A', title: 'First' }),
    importLine({ sku: 'A', title: 'Second' }),
  ]);
  expect(counts(progress)).toEqual([1, 1, 0, 0]);
  expect(await shop.rows('select title from products')).toEqual([{ title: 'Second' }]);
});

test('import, when titles are the same, gives each product a slug of its own', async () => {
  await shop.import([importLine({ sku: 'A', title: 'Cable' }), importLine({ sku: 'B', title: 'Cable' })]);
  await shop.import([importLine({ sku: 'C', title: 'Cable' })]);
  const rows = await shop.rows<{ slug: string }>('select slug from products order by slug');
  expect(rows.map((row) => row.slug)).toEqual(['cable', 'cable-b', 'cable-c']);
});

test('import, when lines are bad, records each and imports the rest', async () => {
  const importId = await shop.request(
    await shop.file([
      importLine({ sku: 'A' }),
      '{',
      importLine({ sku: 'B', price_cents: -1, title: '' }),
      importLine({ sku: 'C' }),
    ]),
  );
  expect(counts(await shop.run(importId))).toEqual([2, 0, 0, 2]);
  const refusals = await shop.query((em) => listRefusals(em, importId, { line: 0, field: '' }, 10));
  expect(refusals).toEqual([
    { line: 2, field: '(line)', reason: 'is not JSON' },
    { line: 3, field: 'price_cents', reason: expect.any(String) },
    { line: 3, field: 'title', reason: 'must not be empty' },
  ]);
  const rest = await shop.query((em) => listRefusals(em, importId, { line: 3, field: 'price_cents' }, 10));
  expect(rest.map((refusal) => refusal.field)).toEqual(['title']);
});

test('import, when the database refuses one row of a batch, records that line and imports the others', async () => {
  await shop.transact((em) => em.execute(`alter table products add constraint no_13 check (mpn <> '13')`));
  const importId = await shop.request(
    await shop.file([...lines(9), importLine({ sku: 'BAD', mpn: '13' }), ...lines(20).slice(9)]),
  );
  expect(counts(await shop.run(importId))).toEqual([20, 0, 0, 1]);
  const refusals = await shop.query((em) => listRefusals(em, importId, { line: 0, field: '' }, 10));
  expect(refusals).toEqual([{ line: 10, field: '(line)', reason: 'the database refused it (23514)' }]);
});

test('import, when its process dies between batches, goes on behind the last one', async () => {
  const importId = await shop.request(await shop.file(lines(700)));
  let batches = 0;
  const dying: Transact = (work) => {
    batches += 1;
    if (batches === 4) throw new Error('killed');
    return shop.transact(work);
  };
  await expect(shop.run(importId, { transact: dying })).rejects.toThrow('killed');
  expect(await shop.rows('select status, lines_read, created from imports')).toEqual([
    { status: 'running', lines_read: 500, created: 500 },
  ]);
  expect(await shop.run(importId)).toMatchObject({ status: 'completed', linesRead: 700, created: 700, unchanged: 0 });
});

test('import, when its process dies within a batch, leaves nothing of that batch', async () => {
  const importId = await shop.request(await shop.file(lines(100)));
  const dying: Transact = (work) =>
    shop.transact(async (em) => {
      const result = await work(em);
      const [{ count } = { count: 0 }] = await em.execute<{ count: number }[]>(
        'select count(*) as count from products',
      );
      if (count > 0) throw new Error('killed');
      return result;
    });
  await expect(shop.run(importId, { transact: dying })).rejects.toThrow('killed');
  expect(
    await shop.rows(
      `select 1 from products union all select 1 from categories union all select 1 from outbox where topic = 'search.products'`,
    ),
  ).toEqual([]);
  expect(await shop.run(importId)).toMatchObject({ status: 'completed', created: 100 });
});

test('import, when a slice is over, says it is running and goes on when called again', async () => {
  const importId = await shop.request(await shop.file(lines(300)));
  expect(await shop.run(importId, { sliceMs: 0 })).toMatchObject({ status: 'running', linesRead: 250 });
  expect(await shop.run(importId)).toMatchObject({ status: 'completed', linesRead: 300, created: 300 });
});

test('import, whose worker stops, ends its slice after the batch in hand and goes on elsewhere', async () => {
  const importId = await shop.request(await shop.file(lines(300)));
  const stopping = AbortSignal.abort();
  expect(await shop.run(importId, { stopping })).toMatchObject({ status: 'running', linesRead: 250 });
  expect(await shop.run(importId)).toMatchObject({ status: 'completed', linesRead: 300, created: 300 });
});

test('import, when asked again after its end, answers the same', async () => {
  const importId = await shop.request(await shop.file(lines(2)));
  const end = await shop.run(importId);
  expect(await shop.run(importId)).toEqual(end);
});

test('import, when two attempts run at once, imports every line once', async () => {
  const importId = await shop.request(await shop.file(lines(800)));
  const attempts = await Promise.allSettled([shop.run(importId), shop.run(importId)]);
  const refusals = attempts.flatMap((attempt) =>
    attempt.status === 'rejected' ? [attempt.reason as { code?: string }] : [],
  );
  expect(refusals.filter((refusal) => refusal.code !== 'temporarily_unavailable')).toEqual([]);
  expect(await shop.run(importId)).toMatchObject({ status: 'completed', created: 800, updated: 0, unchanged: 0 });
});

test('import, when the file changed since it began, fails and keeps what was imported', async () => {
  const path = await shop.file(lines(300));
  const importId = await shop.request(path);
  await shop.run(importId, { sliceMs: 0 });
  await appendFile(path, JSON.stringify(importLine({ sku: 'X' })));
  expect(await shop.run(importId)).toMatchObject({
    status: 'failed',
    failure: 'the import file changed while it was imported',
    created: 250,
  });
});

test('import, when there is no such file, fails', async () => {
  expect(await shop.run(await shop.request('/nowhere/at/all'))).toMatchObject({
    status: 'failed',
    failure: 'import file not found',
  });
});

describe('stock', () => {
  const stock = () =>
    shop.rows('select v.sku, s.on_hand from stock_levels s join variants v on v.id = s.variant_id order by v.sku');

  test('import, when a line states no stock, takes it from the rule once and leaves it alone from then on', async () => {
    await shop.import([importLine({ sku: 'A' })]);
    expect(await stock()).toEqual([{ sku: 'A', on_hand: stockBySku('A') }]);
    await shop.transact((em) => em.execute('update stock_levels set on_hand = 7'));
    await shop.import([importLine({ sku: 'A', title: 'Other' })]);
    expect(await stock()).toEqual([{ sku: 'A', on_hand: 7 }]);
  });

  test('import, when a line states stock, sets it and records the movement', async () => {
    await shop.import([importLine({ sku: 'A', stock: 5 })]);
    await shop.import([importLine({ sku: 'A', stock: 3 })]);
    expect(await stock()).toEqual([{ sku: 'A', on_hand: 3 }]);
    expect(await shop.rows('select delta, on_hand_after, reason from stock_movements order by id')).toEqual([
      { delta: 5, on_hand_after: 5, reason: 'import' },
      { delta: -2, on_hand_after: 3, reason: 'import' },
    ]);
  });
});

describe('variants', () => {
  const shirt = (change: Record<string, unknown> = {}) =>
    importLine({
      sku: 'S',
      variants: [
        { sku: 'S-red', options: { colour: 'red' }, stock: 1 },
        { sku: 'S-blue', options: { colour: 'blue' }, price_cents: 1_200, stock: 0 },
      ],
      ...change,
    });
  const variants = () =>
    shop.rows('select sku, price_adjustment_amount as extra, is_default, status from variants order by position, sku');

  test('import, when a line lists variants, adds them behind the default one', async () => {
    await shop.import([shirt()]);
    expect(await variants()).toEqual([
      { sku: 'S', extra: 0, is_default: true, status: 'active' },
      { sku: 'S-red', extra: 0, is_default: false, status: 'active' },
      { sku: 'S-blue', extra: 200, is_default: false, status: 'active' },
    ]);
    expect(await shop.rows('select options from products')).toEqual([
      { options: [{ name: 'colour', values: ['red', 'blue'] }] },
    ]);
  });

  test('import, when a line no longer lists a variant, retires it, and lists none, leaves all alone', async () => {
    await shop.import([shirt()]);
    const retired = await shop.import([shirt({ variants: [{ sku: 'S-red', options: { colour: 'red' }, stock: 1 }] })]);
    expect(counts(retired)).toEqual([0, 1, 0, 0]);
    expect(await variants()).toContainEqual({ sku: 'S-blue', extra: 200, is_default: false, status: 'retired' });
    expect(counts(await shop.import([importLine({ sku: 'S' })]))).toEqual([0, 0, 1, 0]);
    expect(await variants()).toContainEqual({ sku: 'S-red', extra: 0, is_default: false, status: 'active' });
  });

  test("import, when a line claims another product's SKU, refuses it", async () => {
    await shop.import([shirt(), importLine({ sku: 'T' })]);
    const progress = await shop.import([
      importLine({ sku: 'S-red' }),
      importLine({ sku: 'T', variants: [{ sku: 'S-blue' }] }),
    ]);
    expect(counts(progress)).toEqual([0, 0, 0, 2]);
    expect(await shop.rows('select field, reason from import_refusals order by line')).toEqual([
      { field: 'sku', reason: 'is a further variant of another product' },
      { field: 'variants', reason: 'S-blue belongs to another product' },
    ]);
  });
});

describe('categories', () => {
  test('import, when a name stands under two parents, gives the second one a slug behind its parent', async () => {
    await shop.import([
      importLine({ sku: 'A', category: ['Printing', 'Supplies', 'Ink'] }),
      importLine({ sku: 'B', category: ['Office', 'Supplies'] }),
      importLine({ sku: 'C', category: ['printing', 'SUPPLIES'] }),
    ]);
    const rows = await shop.rows<{ path: string }>('select path::text as path from categories order by path');
    expect(rows.map((row) => row.path)).toEqual([
      'office',
      'office.office-supplies',
      'printing',
      'printing.supplies',
      'printing.supplies.ink',
    ]);
  });

  test('import, when a path is ten levels deep, makes a node for each level', async () => {
    const category = Array.from({ length: 10 }, (_, depth) => `Level ${depth}`);
    await shop.import([importLine({ sku: 'A', category })]);
    expect(await shop.rows('select max(nlevel(path)) as depth, count(*) as nodes from categories')).toEqual([
      { depth: 10, nodes: 10 },
    ]);
  });
});
