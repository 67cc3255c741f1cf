import { PRODUCT_SORTS, type ProductCard, type ProductFilter, type ProductSort } from '../catalogue/types.js';

export const SEARCH_SORTS = ['relevance', ...PRODUCT_SORTS] as const;
export type SearchSort = 'relevance' | ProductSort;
export type Backend = 'elasticsearch' | 'postgresql';

export interface SearchRequest extends ProductFilter {
  /** What the customer typed; not empty. */
  readonly text: string;
  readonly sort: SearchSort;
  readonly limit: number;
  readonly cursor?: string;
}

/** Lower bounds of the price facet in minor units; each band ends one below the next, the last one is open. */
export const PRICE_BANDS = [0, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000] as const;

export interface FacetValue {
  readonly value: string;
  readonly count: number;
}

/** Each facet counts what the other filters leave, so that a choice shows its alternatives. */
export interface FacetCounts {
  /** By slug; a product counts for its category and all above. Most frequent first. */
  readonly category: readonly FacetValue[];
  readonly brand: readonly FacetValue[];
  /** One for each of PRICE_BANDS. */
  readonly price: readonly number[];
  readonly inStock: { readonly yes: number; readonly no: number };
}

export interface Facets extends Omit<FacetCounts, 'category' | 'price'> {
  readonly category: readonly (FacetValue & { readonly name: string })[];
  /** Bands without a product are left out; `maxPrice` is inclusive, null in the open one. */
  readonly price: readonly { readonly minPrice: number; readonly maxPrice: number | null; readonly count: number }[];
}

export interface SearchResult {
  readonly data: readonly ProductCard[];
  readonly total: number;
  readonly facets: Facets;
  readonly didYouMean: string | null;
  readonly nextCursor: string | null;
  readonly backend: Backend;
}

export interface Suggestion {
  readonly kind: 'product' | 'brand' | 'category';
  readonly text: string;
  /** Of the product or category; null for a brand. */
  readonly slug: string | null;
}

export interface Suggestions {
  readonly data: readonly Suggestion[];
  readonly backend: Backend;
}
