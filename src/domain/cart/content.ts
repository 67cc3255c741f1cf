import { add, zero } from '../kernel/money.js';
import type { PricedLine } from '../pricing/index.js';
import type { Cart, CartContent, CartProblem } from './types.js';

export function cartContent(currency: string, lines: readonly PricedLine[]): CartContent {
  return {
    lines: lines.map((line) => ({
      id: line.id,
      variantId: line.variantId,
      sku: line.sku,
      title: line.title,
      quantity: line.quantity,
      unitPrice: line.price.unit,
      lineTotal: line.price.total,
      adjustments: line.price.adjustments,
    })),
    subtotal: lines.filter((line) => line.sold).reduce((sum, line) => add(sum, line.price.total), zero(currency)),
    problems: lines.flatMap(problemsOf),
  };
}

function problemsOf({ id, sold, price, keptUnitPrice, quantity, available }: PricedLine): CartProblem[] {
  if (!sold) return [{ code: 'unavailable', lineId: id }];
  const problems: CartProblem[] = [];
  if (price.unit.amount !== keptUnitPrice.amount)
    problems.push({ code: 'price_changed', lineId: id, previous: keptUnitPrice, current: price.unit });
  if (available < quantity) problems.push({ code: 'out_of_stock', lineId: id, available: Math.max(0, available) });
  return problems;
}

/** What a caller sees who has put nothing into a cart yet. */
export const noCart = (currency: string): Cart => ({
  id: null,
  status: 'open',
  currency,
  version: 0,
  orderId: null,
  checkoutId: null,
  heldUntil: null,
  lines: [],
  subtotal: zero(currency),
  problems: [],
});
