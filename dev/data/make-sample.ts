/**
 * Made dev/data/catalog-sample.ndjson.gz, once, out of the whole open catalogue:
 *
 *     node --import tsx dev/data/make-sample.ts <catalogue.ndjson.gz> [target]
 *
 * Takes facts only: no descriptions, no addresses of images. The same input gives the same sample: each category gives
 * a share by its size, at least a few, and products come in the order of their SKU's hash.
 */
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createLineSource } from '../../src/infra/files/line-source.js';

const PRODUCTS = 2_000;
const AT_LEAST = 12;
const ATTRIBUTES = 10;
const LONGEST_VALUE = 60;
/** Freight, not product. */
const DULL = /package|pallet|carton|master|case quantity|segment|harmonized|import|shipping|country of origin|layer/;

interface Line {
  readonly sku: string;
  readonly mpn: string;
  readonly title: string;
  readonly brand: string;
  readonly category: readonly string[];
  readonly price_cents: number;
  readonly currency: string;
  readonly ean: readonly string[];
  readonly released_at: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
}

const [source, target = new URL('catalog-sample.ndjson.gz', import.meta.url).pathname] = process.argv.slice(2);
if (source === undefined) throw new Error('usage: make-sample.ts <catalogue.ndjson.gz> [target]');

const shelves = new Map<string, Line[]>();
const usage = new Map<string, number>();
const file = await createLineSource().open({ path: source, format: 'ndjson' });
for await (const { text } of file.lines({ line: 0, offset: 0 })) {
  const line = JSON.parse(text ?? '') as Line;
  const shelf = line.category.join('\n');
  shelves.set(shelf, [...(shelves.get(shelf) ?? []), line]);
  for (const name of Object.keys(line.attributes)) usage.set(name, (usage.get(name) ?? 0) + 1);
}

const all = [...shelves.values()].reduce((sum, lines) => sum + lines.length, 0);
const spare = PRODUCTS - AT_LEAST * shelves.size;
const sample = [...shelves.values()].flatMap((lines) =>
  lines
    .toSorted((a, b) => (rank(a.sku) < rank(b.sku) ? -1 : 1))
    .slice(0, AT_LEAST + Math.round((spare * lines.length) / all)),
);
sample.sort((a, b) => (a.sku < b.sku ? -1 : 1));
const packed = gzipSync(sample.map((line) => `${JSON.stringify(facts(line))}\n`).join(''), { level: 9 });
writeFileSync(target, packed);
console.log(`${sample.length} products of ${shelves.size} categories, ${packed.length} bytes`);

function facts(line: Line) {
  const { sku, mpn, title, brand, category, price_cents, currency, released_at } = line;
  const attributes = Object.entries(line.attributes)
    .filter(([name, value]) => !DULL.test(name) && String(value).length <= LONGEST_VALUE && value !== false)
    .toSorted(([a], [b]) => (usage.get(b) ?? 0) - (usage.get(a) ?? 0) || (a < b ? -1 : 1))
    .slice(0, ATTRIBUTES);
  const ean = line.ean.slice(0, 3);
  return {
    sku,
    mpn,
    title,
    brand,
    category,
    price_cents,
    currency,
    ean,
    released_at,
    attributes: Object.fromEntries(attributes),
  };
}

function rank(sku: string): string {
  return createHash('sha256').update(sku).digest('hex');
}
