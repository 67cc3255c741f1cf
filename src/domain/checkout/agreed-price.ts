import { DomainError } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import type { Quote } from '../pricing/index.js';

/**
 * Holds a quote against what the client agreed to: the total it names, else the prices its cart showed.
 * @throws DomainError `price_changed` with the total of today
 */
export function assertAgreedPrice(quote: Quote, expected: Money | null): void {
  const { total, lines } = quote;
  const changed =
    expected === null
      ? lines.some((line) => line.unitPrice.amount !== line.keptUnitPrice.amount)
      : expected.amount !== total.amount || expected.currency !== total.currency;
  if (changed)
    throw new DomainError('price_changed', 'the price has changed', { total: total.amount, currency: total.currency });
}
