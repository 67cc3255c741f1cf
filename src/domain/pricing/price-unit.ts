import { add, money, portion, times, type BasisPoints, type Money } from '../kernel/money.js';
import type { Adjustment, UnitPrice } from './types.js';

export interface QuantityBreak {
  readonly minQuantity: number;
  readonly discountBp: BasisPoints;
}

export interface CustomerTier {
  readonly code: string;
  readonly name: string;
  readonly discountBp: BasisPoints;
}

export interface PriceInput {
  readonly base: Money;
  /** Added to the base price of the product; may be negative. */
  readonly variantAdjustment: Money;
  readonly breaks: readonly QuantityBreak[];
  readonly tier: CustomerTier | null;
  readonly quantity: number;
}

/**
 * The price of one unit when `quantity` are bought: base and variant, then the best quantity break, then
 * the customer's tier. Each step is rounded, so the explanation adds up to the price; none goes below zero.
 */
export function priceUnit({ base, variantAdjustment, breaks, tier, quantity }: PriceInput): UnitPrice {
  const steps: Adjustment[] = [{ kind: 'base', label: 'Base price', rate: null, amount: base, unitPrice: base }];
  const current = (): Money => steps.at(-1)?.unitPrice ?? base;

  if (variantAdjustment.amount !== 0) {
    const unitPrice = notNegative(add(base, variantAdjustment));
    const amount = money(unitPrice.amount - base.amount, base.currency);
    steps.push({ kind: 'variant', label: 'Variant', rate: null, amount, unitPrice });
  }
  const best = bestBreak(breaks, quantity);
  if (best !== null) steps.push(discount('quantity_break', `${best.minQuantity} or more`, current(), best.discountBp));
  if (tier !== null && tier.discountBp > 0) steps.push(discount('tier', tier.name, current(), tier.discountBp));

  const unit = current();
  return { unit, total: times(unit, quantity), quantity, adjustments: steps };
}

function discount(kind: Adjustment['kind'], label: string, from: Money, discountBp: BasisPoints): Adjustment {
  const unitPrice = portion(from, 10_000 - discountBp);
  return { kind, label, rate: -discountBp, amount: money(unitPrice.amount - from.amount, from.currency), unitPrice };
}

/** The largest discount that the quantity has earned; null where it has earned none. */
function bestBreak(breaks: readonly QuantityBreak[], quantity: number): QuantityBreak | null {
  const earned = breaks.filter((each) => each.minQuantity <= quantity);
  return earned.reduce<QuantityBreak | null>(
    (best, each) =>
      best === null ||
      each.discountBp > best.discountBp ||
      (each.discountBp === best.discountBp && each.minQuantity > best.minQuantity)
        ? each
        : best,
    null,
  );
}

const notNegative = (amount: Money): Money => (amount.amount < 0 ? money(0, amount.currency) : amount);
