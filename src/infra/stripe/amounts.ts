import type { Money } from '../../domain/kernel/money.js';

/** Where Stripe's smallest unit is not ISO 4217's: it writes these with two decimals, ISO with none. */
const HUNDREDFOLD = new Set(['ISK', 'UGX']);

export const toStripe = ({ amount, currency }: Money): { amount: number; currency: string } => ({
  amount: HUNDREDFOLD.has(currency) ? amount * 100 : amount,
  currency: currency.toLowerCase(),
});

export function fromStripe(amount: number, currency: string): Money {
  const iso = currency.toUpperCase();
  return { amount: HUNDREDFOLD.has(iso) ? Math.trunc(amount / 100) : amount, currency: iso };
}

/** Stripe writes the ariary without decimals though ISO gives it two; it is refused rather than charged a hundredfold. */
export const isSupported = ({ currency }: Money): boolean => currency !== 'MGA';
