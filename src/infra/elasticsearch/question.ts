import type { estypes } from '@elastic/elasticsearch';
import type { SearchQuery } from '../../domain/search/ports.js';
import { PRICE_BANDS, type SearchSort } from '../../domain/search/types.js';

type Clause = NonNullable<estypes.QueryDslQueryContainer>;
type Aggregation = NonNullable<estypes.AggregationsAggregationContainer>;
type Own = 'category' | 'brand' | 'price' | 'inStock';

const FACET_VALUES = 50;

const SORTS: Record<SearchSort, estypes.SortCombinations[]> = {
  relevance: [{ _score: { order: 'desc' } }, { id: { order: 'desc' } }],
  newest: [{ created_at: { order: 'desc' } }, { id: { order: 'desc' } }],
  price: [{ price: { order: 'asc' } }, { id: { order: 'asc' } }],
  '-price': [{ price: { order: 'desc' } }, { id: { order: 'desc' } }],
  title: [{ 'title.sort': { order: 'asc', missing: '_last' } }, { id: { order: 'asc' } }],
  '-title': [{ 'title.sort': { order: 'desc', missing: '_last' } }, { id: { order: 'desc' } }],
};

/** What was asked, in Elasticsearch's words. Filters come after scoring, so that each facet can leave out its own. */
export function toSearchBody(query: SearchQuery): estypes.SearchRequest {
  const filters = filtersOf(query);
  const others = (own: Own): Clause => ({
    bool: { filter: (Object.keys(filters) as Own[]).flatMap((name) => (name === own ? [] : (filters[name] ?? []))) },
  });
  return {
    query: relevance(query.text),
    post_filter: { bool: { filter: Object.values(filters).flat() } },
    sort: SORTS[query.sort],
    size: query.limit + 1,
    ...('after' in query.position
      ? { search_after: [query.position.after.value, query.position.after.id] }
      : { from: query.position.skip }),
    _source: false,
    track_total_hits: true,
    aggs: {
      category: facet(others('category'), { terms: { field: 'category_slugs', size: FACET_VALUES } }),
      brand: facet(others('brand'), { terms: { field: 'brand', size: FACET_VALUES, exclude: [''] } }),
      price: facet(others('price'), { range: { field: 'price', keyed: false, ranges: bands() } }),
      in_stock: facet(others('inStock'), { filter: { term: { in_stock: true } } }),
    },
    suggest: {
      text: query.text,
      words: { term: { field: 'spelling', suggest_mode: 'missing', size: 1, min_word_length: 4 } },
    },
  };
}

/** All words typed so far, the last one perhaps unfinished. */
export function toSuggestBody(text: string, limit: number): estypes.SearchRequest {
  const begins: Clause = { match: { 'brand.typed': { query: text, operator: 'and' } } };
  return {
    query: {
      bool: {
        should: [
          { match: { 'title.typed': { query: text, operator: 'and' } } },
          { match: { title: { query: text, boost: 2 } } },
          { match_phrase_prefix: { title: { query: text, boost: 2 } } },
          begins,
        ],
        minimum_should_match: 1,
        filter: [
          {
            bool: {
              should: [{ match: { 'title.typed': { query: text, operator: 'and' } } }, begins, fuzzy('title', text)],
              minimum_should_match: 1,
            },
          },
        ],
      },
    },
    size: limit,
    _source: false,
    aggs: { brands: facet(begins, { terms: { field: 'brand', size: 3 } }) },
  };
}

/** Words may be spread over title, brand, number and category; a number that is met exactly comes first. */
function relevance(text: string): Clause {
  return {
    bool: {
      should: [
        {
          bool: {
            must: [{ match: { all: { query: text, minimum_should_match: '2<-1 5<70%' } } }],
            should: [
              { match: { title: { query: text, boost: 1 } } },
              { match_phrase: { title: { query: text, slop: 2, boost: 1 } } },
              { match: { shelf: { query: text, boost: 2 } } },
              { match: { 'brand.words': { query: text, boost: 1 } } },
              { match: { 'mpn.words': { query: text, boost: 1 } } },
            ],
          },
        },
        // smart watch, smartwatch
        ...joined(text),
        fuzzy('all', text),
        { match: { description: { query: text, operator: 'and', boost: 0.2 } } },
        { match: { attributes: { query: text, operator: 'and', boost: 0.2 } } },
        { term: { skus: { value: text, boost: 100 } } },
        { term: { ean: { value: text, boost: 100 } } },
        { term: { mpn: { value: text, boost: 50 } } },
      ],
      minimum_should_match: 1,
    },
  };
}

const joined = (text: string): Clause[] => {
  const words = text.split(/\s+/);
  return words.length === 2 ? [{ match: { all: { query: words.join('') } } }] : [];
};

const fuzzy = (field: string, text: string): Clause => ({
  match: {
    [field]: { query: text, operator: 'and', fuzziness: 'AUTO', prefix_length: 1, max_expansions: 30, boost: 0.1 },
  },
});

const facet = (filter: Clause, values: Aggregation): Aggregation => ({ filter, aggs: { values } });

function filtersOf(query: SearchQuery): Record<Own, Clause[]> {
  const { category, brand, minPrice, maxPrice, inStock } = query;
  const price = {
    ...(minPrice === undefined ? {} : { gte: minPrice }),
    ...(maxPrice === undefined ? {} : { lte: maxPrice }),
  };
  return {
    category: category === undefined ? [] : [{ term: { category_slugs: category } }],
    brand: brand === undefined ? [] : [{ term: { brand } }],
    price: Object.keys(price).length === 0 ? [] : [{ range: { price } }],
    inStock: inStock === undefined ? [] : [{ term: { in_stock: inStock } }],
  };
}

const bands = (): estypes.AggregationsAggregationRange[] =>
  PRICE_BANDS.map((from, index) => {
    const to = PRICE_BANDS[index + 1];
    return to === undefined ? { from } : { from, to };
  });
