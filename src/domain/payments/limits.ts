import { DomainError } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import type { PaymentLimits } from './ports.js';

/** What is to be paid; `country` and `amount` are left out where they are not known yet. */
export interface Payable {
  readonly country?: string | undefined;
  readonly amount?: number | undefined;
  readonly currency: string;
}

/** Nothing can be paid with anything. */
export function takes(limits: PaymentLimits, { country, amount, currency }: Payable): boolean {
  if (amount === 0) return true;
  const range = limits.range(currency);
  if (range === null) return false;
  const { countries } = limits;
  if (countries !== null && (countries.length === 0 || (country !== undefined && !countries.includes(country))))
    return false;
  return amount === undefined || (amount >= range.least && amount <= range.most);
}

/** @throws DomainError `payment_unavailable` with the least and the most, where the provider takes the currency */
export function assertPayable(limits: PaymentLimits | undefined, country: string, { amount, currency }: Money): void {
  if (limits !== undefined && takes(limits, { country, amount, currency })) return;
  const range = limits?.range(currency) ?? null;
  throw new DomainError('payment_unavailable', 'this total cannot be paid in this way', {
    currency,
    ...(range === null ? {} : { least: range.least, most: range.most }),
  });
}
