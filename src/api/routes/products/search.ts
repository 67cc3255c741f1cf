import { z } from 'zod';
import { SEARCH_SORTS, type Facets, type Search } from '../../../domain/search/index.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { filterFields, plainText, presentCard, ProductCardView, toFilter } from './schemas.js';

const LONGEST_TEXT = 200;
const SUGGESTIONS = 8;

const Count = z.int().min(0);
const Backend = z.enum(['elasticsearch', 'postgresql']).meta({ description: 'who answered' });

const FacetsView = z
  .strictObject({
    category: z.array(z.strictObject({ value: z.string(), name: z.string(), count: Count })),
    brand: z.array(z.strictObject({ value: z.string(), count: Count })),
    price: z.array(z.strictObject({ min_price: z.int(), max_price: z.int().nullable(), count: Count })),
    in_stock: z.array(z.strictObject({ value: z.boolean(), count: Count })),
  })
  .meta({
    id: 'Facets',
    description: 'Values go into the parameters of the same names. Each facet counts what the other filters leave.',
  });

const SearchView = z
  .strictObject({
    data: z.array(ProductCardView),
    total: Count,
    facets: FacetsView,
    did_you_mean: z.string().nullable(),
    next_cursor: z.string().nullable(),
    backend: Backend,
  })
  .meta({ id: 'SearchResult' });

const SuggestView = z
  .strictObject({
    data: z.array(
      z.strictObject({ kind: z.enum(['category', 'brand', 'product']), text: z.string(), slug: z.string().nullable() }),
    ),
    backend: Backend,
  })
  .meta({ id: 'Suggestions' });

const presentFacets = ({ category, brand, price, inStock }: Facets): z.input<typeof FacetsView> => ({
  category: category.map(({ value, name, count }) => ({ value, name, count })),
  brand: brand.map(({ value, count }) => ({ value, count })),
  price: price.map(({ minPrice, maxPrice, count }) => ({ min_price: minPrice, max_price: maxPrice, count })),
  in_stock: [
    { value: true, count: inStock.yes },
    { value: false, count: inStock.no },
  ],
});

export function createProductSearchRoutes({ search }: { readonly search: Search }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/products/search',
      operationId: 'searchProducts',
      summary: 'Products for what was typed, with facets and a correction of the spelling',
      tag: 'catalogue',
      access: 'anyone',
      query: z.strictObject({
        ...filterFields,
        q: plainText(LONGEST_TEXT),
        sort: z.enum(SEARCH_SORTS).default('relevance'),
      }),
      responses: { 200: SearchView },
      async handle({ query: input }) {
        const result = await search.search({ ...toFilter(input), text: input.q, sort: input.sort, limit: input.limit });
        return {
          status: 200,
          body: {
            data: result.data.map(presentCard),
            total: result.total,
            facets: presentFacets(result.facets),
            did_you_mean: result.didYouMean,
            next_cursor: result.nextCursor,
            backend: result.backend,
          },
        };
      },
    }),
    endpoint({
      method: 'get',
      path: '/products/suggest',
      operationId: 'suggestProducts',
      summary: 'Completions while a customer types',
      tag: 'catalogue',
      access: 'anyone',
      query: z.strictObject({ q: plainText(LONGEST_TEXT) }),
      responses: { 200: SuggestView },
      async handle({ query: { q } }) {
        const { data, backend } = await search.suggest(q, SUGGESTIONS);
        return { status: 200, body: { data: data.map(({ kind, text, slug }) => ({ kind, text, slug })), backend } };
      },
    }),
  ];
}
