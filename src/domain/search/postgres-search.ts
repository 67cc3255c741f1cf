import type { EntityManager } from '@mikro-orm/postgresql';
import { IN_STOCK } from '../catalogue/index.js';
import type { Query } from '../kernel/transact.js';
import type { Hit, Hits, SearchQuery, SearchReader } from './ports.js';
import { suggestProducts } from './postgres-suggest.js';
import { PRICE_BANDS, type FacetValue, type SearchSort } from './types.js';
import { findCorrections } from './words.js';

/** Searches where the truth is: slower and plainer than an engine, and always there. */
export function createPostgresSearch(query: Query): SearchReader {
  return {
    search: (request) => query((em) => searchProducts(em, request)),
    suggest: (text, limit) => query((em) => suggestProducts(em, text, limit)),
  };
}

const ORDERS: Record<SearchSort, { readonly value: string; readonly cast: string; readonly descending: boolean }> = {
  relevance: { value: 'rank', cast: 'float8', descending: true },
  newest: { value: 'created', cast: 'bigint', descending: true },
  price: { value: 'price_amount', cast: 'bigint', descending: false },
  '-price': { value: 'price_amount', cast: 'bigint', descending: true },
  title: { value: 'title', cast: 'text', descending: false },
  '-title': { value: 'title', cast: 'text', descending: true },
};

/**
 * Products that have all words of the text in them or in their category's name, or a title like it, or that number;
 * where none has all words, those that have any. All filters are flags, so that each facet can leave out its own.
 */
const MATCHES = `
q as (
  select text, websearch_to_tsquery('english', text) || plainto_tsquery('english', joined) as every_word,
    replace(plainto_tsquery('english', text)::text, ' & ', ' | ')::tsquery as any_word,
    category, brand, min_price, max_price, in_stock
  from jsonb_to_record(?::jsonb) as r (text text, joined text, category text, brand text, min_price bigint, max_price bigint, in_stock boolean)
),
shelves as (
  select distinct k.id from q, categories top join categories k on k.path <@ top.path
  where to_tsvector('english', top.name) @@ q.every_word
),
numbered as (
  select v.product_id as id from q, variants v where lower(v.sku) = lower(q.text)
  union select p.id from q, products p where p.ean @> array[q.text]
),
strict as (
  select p.id from q, products p where p.search @@ q.every_word
  union select p.id from products p where p.category_id in (select id from shelves)
  union select id from numbered
),
found as (
  select id from strict
  union select p.id from q, products p where q.text <% p.title
  union select p.id from q, products p where not exists (select from strict) and p.search @@ q.any_word
),
matches as materialized (
  select p.id, p.title, p.brand, p.category_id, p.price_amount, (extract(epoch from p.created_at) * 1000)::bigint as created,
    round((ts_rank(p.search, q.any_word) + word_similarity(q.text, p.title)
      + case when p.search @@ q.every_word then 1 else 0 end
      + case when p.category_id in (select id from shelves) then 0.8 else 0 end
      + case when p.id in (select id from numbered) then 9 else 0 end)::numeric, 6)::float8 as rank,
    ${IN_STOCK} as stocked,
    q.category is null or p.category_id in (select k.id from categories k join categories top on k.path <@ top.path
      where top.slug = q.category) as in_category,
    q.brand is null or p.brand = q.brand as of_brand,
    (q.min_price is null or p.price_amount >= q.min_price) and (q.max_price is null or p.price_amount <= q.max_price) as in_price,
    q.in_stock as wants_stock
  from q, products p where p.status = 'published' and p.id in (select id from found)
),
flagged as materialized (select *, wants_stock is null or stocked = wants_stock as in_stock from matches)`;

const FACETS = `
(select count(*) from flagged where in_category and of_brand and in_price and in_stock) as total,
(select coalesce(json_agg(f), '[]') from (
  select k.slug as value, count(*) as count from flagged m join categories c on c.id = m.category_id
  join categories k on k.path @> c.path where of_brand and in_price and in_stock
  group by k.slug order by 2 desc, 1 limit 50) f) as category,
(select coalesce(json_agg(f), '[]') from (
  select brand as value, count(*) as count from flagged where in_category and in_price and in_stock and brand <> ''
  group by brand order by 2 desc, 1 limit 50) f) as brand,
(select coalesce(json_object_agg(band, count), '{}') from (
  select width_bucket(price_amount, array[${PRICE_BANDS.join(',')}]::bigint[]) as band, count(*) as count
  from flagged where in_category and of_brand and in_stock group by 1) f) as price,
(select count(*) from flagged where in_category and of_brand and in_price and stocked) as stocked,
(select count(*) from flagged where in_category and of_brand and in_price and not stocked) as sold_out`;

interface ResultRow {
  readonly total: number;
  readonly category: readonly FacetValue[];
  readonly brand: readonly FacetValue[];
  readonly price: Readonly<Record<string, number>>;
  readonly stocked: number;
  readonly sold_out: number;
  readonly hits: readonly Hit[];
}

async function searchProducts(em: EntityManager, query: SearchQuery): Promise<Hits> {
  const { value, cast, descending } = ORDERS[query.sort];
  const { position } = query;
  const behind = 'after' in position ? `and (${value}, id) ${descending ? '<' : '>'} (?::${cast}, ?::uuid)` : '';
  const direction = descending ? 'desc' : 'asc';
  const [row] = await em.execute<ResultRow[]>(
    `with ${MATCHES}
     select ${FACETS},
       (select coalesce(json_agg(h), '[]') from (
         select id, ${value} as value from flagged where in_category and of_brand and in_price and in_stock ${behind}
         order by ${value} ${direction}, id ${direction} limit ? offset ?) h) as hits`,
    [
      JSON.stringify({
        text: query.text,
        // smart watch, smartwatch
        joined: /^[\p{L}\p{N}]+\s+[\p{L}\p{N}]+$/u.test(query.text) ? query.text.replace(/\s+/, '') : '',
        category: query.category,
        brand: query.brand,
        min_price: query.minPrice,
        max_price: query.maxPrice,
        in_stock: query.inStock,
      }),
      ...('after' in position ? [position.after.value, position.after.id] : []),
      query.limit + 1,
      'skip' in position ? position.skip : 0,
    ],
  );
  if (row === undefined) throw new Error('search returned no row');
  return {
    hits: row.hits.slice(0, query.limit),
    more: row.hits.length > query.limit,
    total: row.total,
    facets: {
      category: row.category,
      brand: row.brand,
      price: PRICE_BANDS.map((_, index) => row.price[index + 1] ?? 0),
      inStock: { yes: row.stocked, no: row.sold_out },
    },
    corrections: await findCorrections(em, query.text),
  };
}
