export { addBreak, changeBreak, listBreaks, readBreak, removeBreak, type SavedBreak } from './change-breaks.js';
export { listTaxRates, removeTaxRate, setTaxRate, type TaxRate } from './change-tax-rates.js';
export { addTier, changeTier, listTiers, readTier, removeTier } from './change-tiers.js';
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
