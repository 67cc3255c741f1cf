import type { EntityManager } from '@mikro-orm/postgresql';
import { skusOf, type ImportLine } from './import-line.js';
import type { Owner } from './plan-products.js';
import { productSlugs } from './slug.js';

const CATALOGUE_LOCK = 7_237_874;

/** One writer of slugs and category paths at a time, until the transaction ends. */
export async function lockCatalogue(em: EntityManager): Promise<void> {
  await em.execute('select pg_advisory_xact_lock(?)', [CATALOGUE_LOCK]);
}

/** Who has the SKUs that these lines claim. */
export async function findOwners(em: EntityManager, lines: readonly ImportLine[]): Promise<Map<string, Owner>> {
  const rows = await em.execute<(Owner & { sku: string })[]>(
    `select v.sku, v.id as "variantId", v.product_id as "productId", v.is_default as "isDefault", p.slug as "productSlug"
     from variants v join products p on p.id = v.product_id
     where v.sku in (select value from jsonb_array_elements_text(?::jsonb))`,
    [JSON.stringify(lines.flatMap(skusOf))],
  );
  return new Map(rows.map(({ sku, ...owner }) => [sku, owner]));
}

/** Those of the slugs the lines may want that are in use. */
export async function takenSlugs(em: EntityManager, lines: readonly ImportLine[]): Promise<Set<string>> {
  const rows = await em.execute<{ slug: string }[]>(
    'select slug from products where slug in (select value from jsonb_array_elements_text(?::jsonb))',
    [JSON.stringify(lines.flatMap((line) => productSlugs(line.title, line.sku)))],
  );
  return new Set(rows.map(({ slug }) => slug));
}
