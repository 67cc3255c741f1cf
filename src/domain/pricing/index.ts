export { loadQuote, precheckCart, type CartPrecheck, type QuoteQuery } from './load-quote.js';
export { priceLines, type BreakRow, type LineRow, type PricedLine } from './price-lines.js';
export { priceUnit, type CustomerTier, type PriceInput, type QuantityBreak } from './price-unit.js';
export { quoteCart, type QuoteInput } from './quote-cart.js';
export {
  loadPricedCart,
  loadVariantPricing,
  PRICING_STAMP,
  priceVariant,
  type PricedCart,
  type VariantPricing,
} from './store.js';
export type { Adjustment, Quote, QuoteLine, UnitPrice } from './types.js';
