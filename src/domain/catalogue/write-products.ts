import type { EntityManager } from '@mikro-orm/postgresql';

export interface ProductRow {
  readonly id: string;
  readonly category_id: string;
  /** Kept as it is where the product exists: addresses outlive titles. */
  readonly slug: string;
  readonly title: string;
  readonly brand: string;
  readonly mpn: string;
  readonly description: string;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly ean: readonly string[];
  readonly released_on: string | null;
  readonly price_amount: number;
  readonly currency: string;
  readonly image_url: string | null;
  /** Written only when `image_url` changes. */
  readonly images: readonly { readonly url: string; readonly alt: string }[];
  /** Null leaves them as they are. */
  readonly options: readonly { readonly name: string; readonly values: readonly string[] }[] | null;
}

export interface VariantRow {
  readonly id: string;
  readonly product_id: string;
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price_adjustment_amount: number;
  readonly position: number;
  readonly is_default: boolean;
}

/** Inserts or updates by id in one statement; answers the ids of rows that were written. */
export async function upsertProducts(em: EntityManager, rows: readonly ProductRow[]): Promise<string[]> {
  const written = await em.execute<{ id: string }[]>(
    `insert into products as p (id, category_id, slug, title, brand, mpn, description, attributes, ean, released_on,
       price_amount, currency, image_url, images, options)
     select id, category_id, slug, title, brand, mpn, description, attributes, ean, released_on,
       price_amount, currency, image_url, images, coalesce(nullif(options, 'null'), '[]')
     from jsonb_to_recordset(?::jsonb) as r (id uuid, category_id uuid, slug text, title text, brand text, mpn text,
       description text, attributes jsonb, ean text[], released_on date, price_amount bigint, currency text,
       image_url text, images jsonb, options jsonb)
     on conflict (id) do update set
       category_id = excluded.category_id, title = excluded.title, brand = excluded.brand, mpn = excluded.mpn,
       description = excluded.description, attributes = excluded.attributes, ean = excluded.ean,
       released_on = excluded.released_on, price_amount = excluded.price_amount, currency = excluded.currency,
       image_url = excluded.image_url,
       images = case when p.image_url is distinct from excluded.image_url then excluded.images else p.images end,
       version = p.version + 1, updated_at = now()
     where (p.category_id, p.title, p.brand, p.mpn, p.description, p.attributes, p.ean, p.released_on,
         p.price_amount, p.currency, p.image_url)
       is distinct from (excluded.category_id, excluded.title, excluded.brand, excluded.mpn, excluded.description,
         excluded.attributes, excluded.ean, excluded.released_on, excluded.price_amount, excluded.currency, excluded.image_url)
     returning id`,
    [JSON.stringify(rows)],
  );
  const restated = await restateOptions(
    em,
    rows.filter((row) => row.options !== null),
  );
  return [...written.map((row) => row.id), ...restated];
}

/** What a product's variants differ by, where a line states its variants. */
async function restateOptions(em: EntityManager, rows: readonly ProductRow[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const changed = await em.execute<{ id: string }[]>(
    `update products p set options = r.options, version = p.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb) as r (id uuid, options jsonb)
     where p.id = r.id and p.options is distinct from r.options
     returning p.id`,
    [JSON.stringify(rows.map(({ id, options }) => ({ id, options })))],
  );
  return changed.map((row) => row.id);
}

/** Inserts or updates by id in one statement; answers the ids of the products whose variants were written. */
export async function upsertVariants(em: EntityManager, rows: readonly VariantRow[]): Promise<string[]> {
  if (rows.length === 0) return [];
  const written = await em.execute<{ product_id: string }[]>(
    `insert into variants as v
       (id, product_id, sku, title, options, price_adjustment_amount, currency, position, is_default)
     select r.id, r.product_id, r.sku, r.title, r.options, r.price_adjustment_amount, p.currency, r.position, r.is_default
     from jsonb_to_recordset(?::jsonb) as r (id uuid, product_id uuid, sku text, title text, options jsonb,
       price_adjustment_amount bigint, position integer, is_default boolean)
     join products p on p.id = r.product_id
     on conflict (id) do update set
       title = excluded.title, options = excluded.options, price_adjustment_amount = excluded.price_adjustment_amount,
       position = excluded.position, status = 'active', version = v.version + 1, updated_at = now()
     where (v.title, v.options, v.price_adjustment_amount, v.position, v.status)
       is distinct from (excluded.title, excluded.options, excluded.price_adjustment_amount, excluded.position, 'active')
     returning product_id`,
    [JSON.stringify(rows)],
  );
  return written.map((row) => row.product_id);
}

/** Retires the variants of `productIds` that `listed` does not name; answers the products it touched. */
export async function retireUnlisted(
  em: EntityManager,
  productIds: readonly string[],
  listed: readonly VariantRow[],
): Promise<string[]> {
  if (productIds.length === 0) return [];
  const retired = await em.execute<{ product_id: string }[]>(
    `update variants v set status = 'retired', version = v.version + 1, updated_at = now()
     where v.product_id in (select value::uuid from jsonb_array_elements_text(?::jsonb))
       and v.id not in (select value::uuid from jsonb_array_elements_text(?::jsonb))
       and v.status = 'active'
     returning v.product_id`,
    [JSON.stringify(productIds), JSON.stringify(listed.map((row) => row.id))],
  );
  return retired.map((row) => row.product_id);
}
