import { money, type Money } from '../kernel/money.js';
import { priceUnit, type CustomerTier, type QuantityBreak } from './price-unit.js';
import type { UnitPrice } from './types.js';

/** A cart line with what is needed to price it, as the database gives it. */
export interface LineRow {
  readonly id: string;
  readonly variantId: string;
  readonly productId: string;
  readonly vendorId: string | null;
  readonly sku: string;
  readonly title: string;
  readonly taxClass: string;
  readonly quantity: number;
  readonly keptUnitPrice: number;
  readonly base: number;
  readonly variantAdjustment: number;
  readonly currency: string;
  /** Published, active and in the cart's currency. */
  readonly sold: boolean;
  /** On hand and not reserved by others: what the cart's own hold has reserved counts as available. */
  readonly available: number;
}

export interface BreakRow extends QuantityBreak {
  /** Null: holds for every variant. */
  readonly variantId: string | null;
}

export interface PricedLine {
  readonly id: string;
  readonly variantId: string;
  readonly productId: string;
  readonly vendorId: string | null;
  readonly sku: string;
  readonly title: string;
  readonly taxClass: string;
  readonly quantity: number;
  readonly keptUnitPrice: Money;
  readonly price: UnitPrice;
  readonly sold: boolean;
  readonly available: number;
}

export function priceLines(
  rows: readonly LineRow[],
  breaks: readonly BreakRow[],
  tier: CustomerTier | null,
): PricedLine[] {
  return rows.map((row) => ({
    id: row.id,
    variantId: row.variantId,
    productId: row.productId,
    vendorId: row.vendorId,
    sku: row.sku,
    title: row.title,
    taxClass: row.taxClass,
    quantity: row.quantity,
    keptUnitPrice: money(row.keptUnitPrice, row.currency),
    price: priceUnit({
      base: money(row.base, row.currency),
      variantAdjustment: money(row.variantAdjustment, row.currency),
      breaks: breaks.filter((each) => each.variantId === null || each.variantId === row.variantId),
      tier,
      quantity: row.quantity,
    }),
    sold: row.sold,
    available: row.available,
  }));
}
