import type { Money } from '../kernel/money.js';

export interface CategoryName {
  readonly slug: string;
  readonly name: string;
}

export interface CategoryNode extends CategoryName {
  readonly id: string;
  readonly children: readonly CategoryNode[];
}

export interface CategoryDetail extends CategoryName {
  readonly id: string;
  /** From the root, this one last. */
  readonly path: readonly CategoryName[];
  readonly children: readonly CategoryName[];
}

/** A product as lists show it. */
export interface ProductCard {
  readonly id: string;
  readonly slug: string;
  /** Of its default variant. */
  readonly sku: string;
  readonly title: string;
  readonly brand: string;
  readonly category: { readonly slug: string; readonly path: readonly CategoryName[] };
  readonly price: Money;
  readonly inStock: boolean;
  readonly rating: number | null;
  readonly imageUrl: string | null;
}

export interface ProductVariant {
  readonly id: string;
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly price: Money;
  readonly available: number;
}

export interface ProductDetail extends ProductCard {
  readonly description: string;
  readonly mpn: string;
  readonly ean: readonly string[];
  readonly releasedOn: string | null;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly options: readonly { readonly name: string; readonly values: readonly string[] }[];
  readonly images: readonly { readonly url: string; readonly alt: string }[];
  readonly variants: readonly ProductVariant[];
}

export const PRODUCT_SORTS = ['newest', 'price', '-price', 'title', '-title'] as const;
export type ProductSort = (typeof PRODUCT_SORTS)[number];

export interface ProductFilter {
  /** A slug; its subtree is included. */
  readonly category?: string;
  readonly brand?: string;
  /** Minor units, inclusive. */
  readonly minPrice?: number;
  readonly maxPrice?: number;
  readonly inStock?: boolean;
}

export interface ProductQuery extends ProductFilter {
  readonly sort: ProductSort;
  readonly limit: number;
  readonly cursor?: string;
}

export const IMPORT_FORMATS = ['ndjson', 'csv'] as const;
export type ImportFormat = (typeof IMPORT_FORMATS)[number];

/** Uploads are stored in pieces of this length, but for the last. */
export const PIECE_BYTES = 524_288;

/** `receiving`: its file is still being uploaded. */
export const IMPORT_STATUSES = ['receiving', 'accepted', 'running', 'completed', 'failed', 'cancelled'] as const;
export type ImportStatus = (typeof IMPORT_STATUSES)[number];

export interface ImportCounts {
  readonly linesRead: number;
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
}

export interface ImportProgress extends ImportCounts {
  readonly importId: string;
  readonly status: ImportStatus;
  /** Why it failed; null unless it did. */
  readonly failure: string | null;
}

/** An import as those see it who asked for it. */
export interface ImportRecord extends ImportProgress {
  /** A path on the worker's disk, or what an upload was called. */
  readonly source: string;
  readonly format: ImportFormat;
  readonly uploaded: boolean;
  /** Of the unpacked text. */
  readonly bytesRead: number;
  readonly bytesTotal: number | null;
  readonly startedBy: string | null;
  readonly createdAt: string;
  readonly finishedAt: string | null;
}

export interface ImportRefusal {
  readonly line: number;
  readonly field: string;
  readonly reason: string;
}

export const isClosed = (status: ImportStatus): boolean =>
  status === 'completed' || status === 'failed' || status === 'cancelled';
