import type { estypes } from '@elastic/elasticsearch';
import { z } from 'zod';
import type { Correction, Hits, ProductMatches } from '../../domain/search/ports.js';
import type { FacetValue } from '../../domain/search/types.js';

const Count = z.object({ doc_count: z.number() });
const Terms = z.object({ values: z.object({ buckets: z.array(Count.extend({ key: z.string() })) }) });
const Aggregations = z.object({
  category: Terms,
  brand: Terms,
  price: z.object({ values: z.object({ buckets: z.array(Count) }) }),
  in_stock: Count.extend({ values: Count }),
});
const Sort = z.tuple([z.union([z.number(), z.string()]), z.string()]);

type Response = estypes.SearchResponse;

/** @throws when the answer is not of the shape that was asked for, or not complete */
export function fromSearchAnswer(response: Response, limit: number): Hits {
  assertComplete(response);
  const { category, brand, price, in_stock: inStock } = Aggregations.parse(response.aggregations);
  const rows = response.hits.hits.map((hit) => {
    const [value, id] = Sort.parse(hit.sort);
    return { id, value };
  });
  const total = response.hits.total;
  return {
    hits: rows.slice(0, limit),
    more: rows.length > limit,
    total: typeof total === 'number' ? total : (total?.value ?? 0),
    facets: {
      category: toValues(category),
      brand: toValues(brand),
      price: price.values.buckets.map((bucket) => bucket.doc_count),
      inStock: { yes: inStock.values.doc_count, no: inStock.doc_count - inStock.values.doc_count },
    },
    corrections: corrections(response),
  };
}

export function fromSuggestAnswer(response: Response): ProductMatches {
  assertComplete(response);
  const { brands } = z.object({ brands: Terms }).parse(response.aggregations);
  return {
    brands: toValues(brands).map((brand) => brand.value),
    productIds: response.hits.hits.flatMap((hit) => (hit._id === undefined ? [] : [hit._id])),
  };
}

function assertComplete(response: Response): void {
  if (response.timed_out || response._shards.failed > 0) throw new Error('the search index answered in part only');
}

const toValues = (terms: z.output<typeof Terms>): FacetValue[] =>
  terms.values.buckets.map((bucket) => ({ value: bucket.key, count: bucket.doc_count }));

const corrections = (response: Response): Correction[] =>
  (response.suggest?.['words'] ?? []).flatMap(({ text, options }) => {
    const [best] = Array.isArray(options) ? options : [options];
    return best?.text === undefined || /\d/.test(text) ? [] : [{ typed: text.toLowerCase(), word: best.text }];
  });
