import { parseLine } from '../../../src/domain/catalogue/import-line.js';

const good = {
  sku: 'IC-1',
  title: 'Cable',
  brand: 'Acme',
  category: ['Cables', 'USB'],
  price_cents: 995,
  currency: 'USD',
  ean: ['0882780756328'],
  attributes: { length: 1.5, colour: 'black', shielded: true },
};
const parse = (change: Record<string, unknown> = {}) => parseLine(JSON.stringify({ ...good, ...change }), 'USD');
const problemsOf = (change: Record<string, unknown>) => {
  const parsed = parse(change);
  return parsed.kind === 'refused' ? parsed.problems.map((problem) => problem.field) : [];
};

test('parseLine, when a line has only what is required, fills the rest', () => {
  const parsed = parseLine(
    JSON.stringify({ sku: 'A', title: 'T', category: ['C'], price_cents: 0, currency: 'USD' }),
    'USD',
  );
  expect(parsed).toMatchObject({
    kind: 'line',
    line: { brand: '', mpn: '', description: '', ean: [], attributes: {}, released_at: null, image_url: null },
  });
});

test('parseLine, when optional fields are null or empty, takes them as absent', () => {
  expect(parse({ description: null, image_url: '', released_at: null, mpn: null })).toMatchObject({
    kind: 'line',
    line: { description: '', image_url: null, released_at: null, mpn: '' },
  });
});

test.each<[string, Record<string, unknown>]>([
  ['sku', { sku: '' }],
  ['sku', { sku: 'a\u0007b' }],
  ['title', { title: '   ' }],
  ['category', { category: [] }],
  ['category.1', { category: ['Cables', ''] }],
  ['price_cents', { price_cents: -1 }],
  ['price_cents', { price_cents: 9.5 }],
  ['price_cents', { price_cents: '995' }],
  ['currency', { currency: 'EUR' }],
  ['currency', { currency: 'usd' }],
  ['ean.0', { ean: ['12'] }],
  ['released_at', { released_at: '2024-02-30' }],
  ['released_at', { released_at: '0000-01-01' }],
  ['image_url', { image_url: 'javascript:alert(1)' }],
  ['attributes.size', { attributes: { size: { width: 1 } } }],
  ['stock', { stock: -3 }],
  ['variants', { variants: [{ sku: 'V' }, { sku: 'V' }] }],
  ['variants', { variants: [{ sku: 'IC-1', price_cents: 1 }] }],
  ['variants.0.sku', { variants: [{ title: 'no SKU' }] }],
])('parseLine, when %s is bad, names it', (field, change) => {
  expect(problemsOf(change)).toEqual([field]);
});

test('parseLine, when several fields are bad, names each once', () => {
  expect(problemsOf({ title: '', price_cents: null, stock: 1.5 })).toEqual(['title', 'price_cents', 'stock']);
});

test.each([['{'], ['null'], ['[]'], ['"text"'], ['']])('parseLine, when the line is %j, refuses it whole', (json) => {
  expect(parseLine(json, 'USD')).toMatchObject({ kind: 'refused', problems: [{ field: '(line)' }] });
});

test.each([
  ['in a value', { title: 'a\0b' }],
  ['in a key', { attributes: { 'a\0': 1 } }],
  ['half a pair', { title: 'a\ud800' }],
])('parseLine, when a character cannot be stored (%s), refuses the line', (_, change) => {
  expect(problemsOf(change)).toEqual(['(line)']);
});

test('parseLine, when a line has fields we do not know, ignores them', () => {
  const parsed = parse({ supplier: 'x' });
  expect(parsed.kind === 'line' && 'supplier' in parsed.line).toBe(false);
});
