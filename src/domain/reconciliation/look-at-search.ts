import type { EntityManager } from '@mikro-orm/postgresql';
import type { OutOfStep } from '../search/index.js';
import type { Sighting } from './types.js';

/** What was announced more recently is just being indexed. Minutes. */
const INDEXED_WITHIN = 2;

/** Products that the index says something else of, without those that are just being indexed. */
export async function lookAtSearch(em: EntityManager, differing: readonly OutOfStep[]): Promise<Sighting[]> {
  if (differing.length === 0) return [];
  const rows = await em.execute<{ id: string }[]>(
    `select w.id from (select value as id from jsonb_array_elements_text(?::jsonb)) w
     where not exists (select from outbox o where o.topic = 'search.products'
       and (o.published_at is null or o.created_at > now() - ?::integer * interval '1 minute')
       and o.payload -> 'product_ids' @> to_jsonb(w.id))`,
    [JSON.stringify(differing.map(({ id }) => id)), INDEXED_WITHIN],
  );
  const settled = new Set(rows.map(({ id }) => id));
  return differing
    .filter(({ id }) => settled.has(id))
    .map(({ id, is, should }) => ({
      kind: 'search_index',
      subject: { product: id },
      expected: { index: should },
      found: { index: is },
      action: 'index',
    }));
}
