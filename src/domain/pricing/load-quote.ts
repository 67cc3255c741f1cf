import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';
import { chooseMethod } from '../shipping/index.js';
import type { PricedLine } from './price-lines.js';
import { quoteCart, subtotalOf } from './quote-cart.js';
import { loadQuoteFacts } from './store.js';
import type { Quote } from './types.js';

export interface QuoteQuery {
  readonly cartId: string;
  /** ISO 3166 alpha-2 of the shipping address. */
  readonly country: string;
  /** The code of a shipping method. */
  readonly shippingMethod: string;
  /** From `config.shop`. */
  readonly pricesIncludeTax: boolean;
  /** Overrules the tier of the cart's owner. */
  readonly tier?: string;
}

/**
 * What the cart costs now, read in one statement. A country without a tax rate is untaxed.
 * @throws DomainError `not_found`, `cart_empty`, `cart_problem` (`variantIds` no longer sold), `shipping_unavailable`
 */
export const loadQuote = async (em: EntityManager, query: QuoteQuery): Promise<Quote> =>
  (await quoteWithLines(em, query)).quote;

export interface CartPrecheck {
  readonly quote: Quote;
  /** Lines that ask for more than is available. */
  readonly shortages: readonly { readonly variantId: string; readonly quantity: number; readonly available: number }[];
}

/** The quote and what stands in its way, from the same single statement. @throws as `loadQuote` */
export async function precheckCart(em: EntityManager, query: QuoteQuery): Promise<CartPrecheck> {
  const { quote, lines } = await quoteWithLines(em, query);
  return {
    quote,
    shortages: lines
      .filter((line) => line.available < line.quantity)
      .map((line) => ({ variantId: line.variantId, quantity: line.quantity, available: Math.max(0, line.available) })),
  };
}

async function quoteWithLines(
  em: EntityManager,
  query: QuoteQuery,
): Promise<{ readonly quote: Quote; readonly lines: readonly PricedLine[] }> {
  const facts = await loadQuoteFacts(em, { ...query, tier: query.tier ?? null });
  if (facts === null) throw notFound('cart');
  const { currency, lines, methods, taxRates } = facts;
  if (lines.length === 0) throw new DomainError('cart_empty', 'the cart is empty');

  const unsold = lines.filter((line) => !line.sold).map((line) => line.variantId);
  if (unsold.length > 0)
    throw new DomainError('cart_problem', 'the cart holds what is no longer sold', { variantIds: unsold });

  const { country, shippingMethod, pricesIncludeTax } = query;
  const subtotal = subtotalOf(currency, lines);
  const shipping = chooseMethod(methods, { code: shippingMethod, country, subtotal });
  if (shipping === null)
    throw new DomainError('shipping_unavailable', 'this shipping method is not offered for this cart and country', {
      shippingMethod,
      country,
    });
  return { quote: quoteCart({ currency, country, pricesIncludeTax, lines, shipping, taxRates }), lines };
}
