import type { EntityManager } from '@mikro-orm/postgresql';
import { money } from '../kernel/money.js';
import { prepared } from '../kernel/prepared.js';
import type { CategoryName, ProductCard } from './types.js';

/** True where any variant of `p` can be bought. */
export const IN_STOCK = `exists (select from variants v join stock_levels s on s.variant_id = v.id
  where v.product_id = p.id and v.status = 'active' and s.on_hand > s.reserved)`;

/** The same as a value: a limit keeps PostgreSQL from hashing all variants and levels for a page of products. */
const IS_IN_STOCK = `coalesce((select true from variants v join stock_levels s on s.variant_id = v.id
  where v.product_id = p.id and v.status = 'active' and s.on_hand > s.reserved limit 1), false)`;

export const CARD_TABLES = `products p join categories c on c.id = p.category_id
  join variants d on d.product_id = p.id and d.is_default`;

/** What a card is made of. */
export const CARD_COLUMNS = `p.id, p.slug, d.sku, p.title, p.brand, c.slug as category_slug,
  (select json_agg(json_build_object('slug', a.slug, 'name', a.name) order by nlevel(a.path))
   from categories a where a.path @> c.path) as category_path,
  p.price_amount, p.currency, p.rating::float8 as rating, p.image_url, ${IS_IN_STOCK} as in_stock`;

export interface CardRow {
  readonly id: string;
  readonly slug: string;
  readonly sku: string;
  readonly title: string;
  readonly brand: string;
  readonly category_slug: string;
  readonly category_path: readonly CategoryName[];
  readonly price_amount: number;
  readonly currency: string;
  readonly rating: number | null;
  readonly image_url: string | null;
  readonly in_stock: boolean;
}

export const toCard = (row: CardRow): ProductCard => ({
  id: row.id,
  slug: row.slug,
  sku: row.sku,
  title: row.title,
  brand: row.brand,
  category: { slug: row.category_slug, path: row.category_path },
  price: money(row.price_amount, row.currency),
  inStock: row.in_stock,
  rating: row.rating,
  imageUrl: row.image_url,
});

/** The published ones of these products as they are now, in the order of `ids`; one statement. */
export async function findCards(em: EntityManager, ids: readonly string[]): Promise<ProductCard[]> {
  if (ids.length === 0) return [];
  const rows = await em.execute<CardRow[]>(
    prepared(`select ${CARD_COLUMNS} from ${CARD_TABLES}
     join jsonb_array_elements_text(?::jsonb) with ordinality as wanted (id, place) on wanted.id::uuid = p.id
     where p.status = 'published' order by wanted.place`),
    [JSON.stringify(ids)],
  );
  return rows.map(toCard);
}
