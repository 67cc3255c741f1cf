import { add, allocate, money, subtract, zero, type BasisPoints, type Money } from '../kernel/money.js';
import type { ShippingMethod } from '../shipping/index.js';
import type { PricedLine } from './price-lines.js';
import { taxOn } from './tax.js';
import type { Quote, QuoteLine } from './types.js';

export interface QuoteInput {
  readonly currency: string;
  readonly country: string;
  readonly pricesIncludeTax: boolean;
  readonly lines: readonly PricedLine[];
  readonly shipping: ShippingMethod;
  /** By tax class, for the country. A class without a rate is untaxed there. */
  readonly taxRates: ReadonlyMap<string, BasisPoints>;
}

export const subtotalOf = (currency: string, lines: readonly PricedLine[]): Money =>
  lines.reduce((sum, line) => add(sum, line.price.total), zero(currency));

/** Tax is rounded per line; shipping and its tax are split over the lines without losing a minor unit. */
export function quoteCart({ currency, country, pricesIncludeTax, lines, shipping, taxRates }: QuoteInput): Quote {
  const rateOf = (taxClass: string): BasisPoints => taxRates.get(taxClass) ?? 0;
  const shippingTotal = shipping.price;
  const shares = allocate(shippingTotal, shippingWeights(lines));
  const shippingTax = taxOn(shippingTotal, rateOf(shipping.taxClass), pricesIncludeTax);
  const taxShares = allocate(
    shippingTax,
    shares.map((share) => share.amount),
  );

  const quoted = lines.map((line, index): QuoteLine => {
    const taxRate = rateOf(line.taxClass);
    return {
      variantId: line.variantId,
      productId: line.productId,
      vendorId: line.vendorId,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      unitPrice: line.price.unit,
      keptUnitPrice: line.keptUnitPrice,
      lineTotal: line.price.total,
      discount: zero(currency),
      taxRate,
      tax: taxOn(line.price.total, taxRate, pricesIncludeTax),
      shipping: shares[index] ?? zero(currency),
      shippingTax: taxShares[index] ?? zero(currency),
      adjustments: line.price.adjustments,
    };
  });

  const sum = (of: (line: QuoteLine) => Money): Money =>
    quoted.reduce((total, line) => add(total, of(line)), zero(currency));
  const subtotal = sum((line) => line.lineTotal);
  const discountTotal = sum((line) => line.discount);
  const taxTotal = add(
    sum((line) => line.tax),
    shippingTax,
  );
  const beforeTax = add(subtract(subtotal, discountTotal), shippingTotal);
  return {
    currency,
    country,
    pricesIncludeTax,
    shippingMethod: shipping.code,
    lines: quoted,
    subtotal,
    discountTotal,
    shippingTotal,
    taxTotal,
    total: pricesIncludeTax ? beforeTax : add(beforeTax, money(taxTotal.amount, currency)),
  };
}

/** By value; by quantity where nothing in the cart costs anything. */
function shippingWeights(lines: readonly PricedLine[]): number[] {
  const byValue = lines.map((line) => line.price.total.amount);
  return byValue.some((amount) => amount > 0) ? byValue : lines.map((line) => line.quantity);
}
