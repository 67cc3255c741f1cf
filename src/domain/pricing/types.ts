import type { BasisPoints, Money } from '../kernel/money.js';

/** One step of a price, in the order it was applied. */
export interface Adjustment {
  readonly kind: 'base' | 'variant' | 'quantity_break' | 'tier';
  readonly label: string;
  /** Percentage steps only, e.g. -1000 for -10 %. */
  readonly rate: BasisPoints | null;
  /** The change of the unit price by this step. */
  readonly amount: Money;
  /** The unit price after this step, rounded. */
  readonly unitPrice: Money;
}

export interface UnitPrice {
  readonly unit: Money;
  readonly total: Money;
  readonly quantity: number;
  readonly adjustments: readonly Adjustment[];
}

export interface QuoteLine {
  readonly variantId: string;
  readonly productId: string;
  readonly vendorId: string | null;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  /** The unit price for this quantity when the line was last changed by its customer. */
  readonly keptUnitPrice: Money;
  /** unitPrice × quantity. */
  readonly lineTotal: Money;
  readonly discount: Money;
  readonly taxRate: BasisPoints;
  /** Tax of the line, rounded per line; inside `lineTotal` where prices include tax. */
  readonly tax: Money;
  /** The line's share of shipping; the shares sum exactly to `shippingTotal`. */
  readonly shipping: Money;
  readonly shippingTax: Money;
  readonly adjustments: readonly Adjustment[];
}

/** Everything a payment and an order are made of, frozen when stock is reserved. JSON-safe. */
export interface Quote {
  readonly currency: string;
  readonly country: string;
  readonly pricesIncludeTax: boolean;
  readonly shippingMethod: string;
  readonly lines: readonly QuoteLine[];
  /** Sum of line totals. */
  readonly subtotal: Money;
  readonly discountTotal: Money;
  readonly shippingTotal: Money;
  /** Of lines and shipping. */
  readonly taxTotal: Money;
  /** subtotal − discount + shipping (+ tax where prices are net). */
  readonly total: Money;
}
