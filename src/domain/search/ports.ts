import type { ProductFilter } from '../catalogue/types.js';
import type { FacetCounts, SearchSort } from './types.js';

/** Where a page begins: behind a hit, or, where another backend made the cursor, behind so many. */
export type SearchPosition =
  { readonly after: { readonly value: number | string; readonly id: string } } | { readonly skip: number };

export interface SearchQuery extends ProductFilter {
  readonly text: string;
  readonly sort: SearchSort;
  readonly limit: number;
  readonly position: SearchPosition;
}

export interface Hit {
  readonly id: string;
  /** What hits are sorted by: the score, minor units, milliseconds since 1970, or the title. */
  readonly value: number | string;
}

export interface Hits {
  readonly hits: readonly Hit[];
  /** Whether there are more behind them. */
  readonly more: boolean;
  readonly total: number;
  readonly facets: FacetCounts;
  /** For words that occur nowhere. */
  readonly corrections: readonly Correction[];
}

export interface Correction {
  /** In lower case. */
  readonly typed: string;
  readonly word: string;
}

export interface ProductMatches {
  readonly brands: readonly string[];
  readonly productIds: readonly string[];
}

export interface SearchReader {
  search(query: SearchQuery): Promise<Hits>;
  /** Completions for what was typed so far; the last word may be unfinished. */
  suggest(text: string, limit: number): Promise<ProductMatches>;
}

export interface ProductDocument {
  readonly id: string;
  readonly skus: readonly string[];
  readonly title: string;
  readonly brand: string;
  readonly mpn: string;
  readonly ean: readonly string[];
  readonly description: string;
  readonly attributes: readonly string[];
  /** From the root. */
  readonly categorySlugs: readonly string[];
  readonly categoryNames: readonly string[];
  readonly price: number;
  readonly inStock: boolean;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

export interface IndexChange {
  readonly id: string;
  /** Grows with every commit in PostgreSQL: of two writes the later truth wins, in whatever order they come. */
  readonly version: number;
  /** Null takes the product out. */
  readonly document: ProductDocument | null;
}

/** A product that an index says something else of than it should. */
export interface OutOfStep {
  readonly id: string;
  readonly should: 'present' | 'absent';
  readonly is: 'present' | 'absent' | 'stale';
}

/** A search engine beside PostgreSQL; it may lose everything and be filled again. */
export interface SearchIndex extends SearchReader {
  /** Makes the index where it is missing. `rebuild`: it is not what searches read until it is filled and activated. */
  ensure(): Promise<'ready' | 'rebuild'>;
  write(changes: readonly IndexChange[]): Promise<void>;
  /** Those of the products that the index says something else of, as it stands. */
  compare(changes: readonly IndexChange[]): Promise<OutOfStep[]>;
  /** The next ids in the index, in their order; what was written in the last second may be missing. */
  ids(after: string | null, limit: number): Promise<string[]>;
  /** Lets searches read the index that `ensure` made, and drops what they read before. */
  activate(): Promise<void>;
}
