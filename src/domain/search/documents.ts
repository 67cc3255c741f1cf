import type { EntityManager } from '@mikro-orm/postgresql';
import { IN_STOCK } from '../catalogue/index.js';
import type { IndexChange, ProductDocument } from './ports.js';

/**
 * A clock that every commit moves on: transactions finished so far, as this statement's snapshot sees them. Two
 * snapshots with the same count see the same rows.
 */
const SNAPSHOT_VERSION = `(pg_snapshot_xmax(pg_current_snapshot())::text::bigint
  - (select count(*) from pg_snapshot_xip(pg_current_snapshot())))`;

const DOCUMENT = `select p.id as product_id, p.status,
  (select json_agg(v.sku order by v.position) from variants v where v.product_id = p.id and v.status = 'active') as skus,
  p.title, p.brand, p.mpn, p.ean, p.description,
  (select coalesce(json_agg(distinct value), '[]') from jsonb_each(p.attributes) as e (name, value)
   where jsonb_typeof(value) = 'string') as attributes,
  (select json_agg(a.slug order by nlevel(a.path)) from categories a where a.path @> c.path) as "categorySlugs",
  (select json_agg(a.name order by nlevel(a.path)) from categories a where a.path @> c.path) as "categoryNames",
  p.price_amount as price, ${IN_STOCK} as "inStock", (extract(epoch from p.created_at) * 1000)::bigint as "createdAt"
  from products p join categories c on c.id = p.category_id`;

interface DocumentRow extends ProductDocument {
  /** Null where there is no such product. */
  readonly product_id: string | null;
  readonly status: string;
  readonly version: number;
}

/** What the index should say about these products now; one that is gone or not published is to be taken out. */
export async function readChanges(em: EntityManager, ids: readonly string[]): Promise<IndexChange[]> {
  const rows = await em.execute<DocumentRow[]>(
    `select wanted.id, ${SNAPSHOT_VERSION} as version, d.*
     from (select distinct value::uuid as id from jsonb_array_elements_text(?::jsonb)) wanted
     left join (${DOCUMENT}) d on d.product_id = wanted.id`,
    [JSON.stringify(ids)],
  );
  return rows.map(toChange);
}

/** The next products in the order of ids, published or not; fewer than `limit` at the end. */
export async function readChangesAfter(em: EntityManager, after: string, limit: number): Promise<IndexChange[]> {
  const rows = await em.execute<DocumentRow[]>(
    `select d.product_id as id, ${SNAPSHOT_VERSION} as version, d.*
     from (${DOCUMENT} where p.id > ? order by p.id limit ?) d order by d.product_id`,
    [after, limit],
  );
  return rows.map(toChange);
}

function toChange({ version, status, product_id: productId, ...row }: DocumentRow): IndexChange {
  if (productId === null || status !== 'published') return { id: row.id, version, document: null };
  return { id: row.id, version, document: { ...row, skus: row.skus ?? [] } };
}
