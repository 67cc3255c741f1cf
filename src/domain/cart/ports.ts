import type { CartContent } from './types.js';

/** What a cart shows, with the stamp of the facts it was made from. */
export interface CachedContent {
  readonly stamp: string;
  readonly content: CartContent;
}

/**
 * Remembers carts for a week. An entry is used only while its stamp is the database's, so neither a late fill nor a
 * price or stock change can show an old cart. Never throws; losing everything costs time only.
 */
export interface CartCache {
  read(cartId: string): Promise<CachedContent | null>;
  keep(cartId: string, entry: CachedContent): Promise<void>;
}

/** For the audit: everything that is kept. @throws when it cannot be read */
export interface CachedCarts {
  entries(): AsyncIterable<{ readonly cartId: string; readonly entry: CachedContent }>;
}
