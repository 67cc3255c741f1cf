import { DomainError } from './errors.js';

/** An amount in minor units (cents) with its ISO 4217 currency. */
export interface Money {
  readonly amount: number;
  readonly currency: string;
}

/** Hundredths of a percent: 1,900 is 19 %. */
export type BasisPoints = number;

export const money = (amount: number, currency: string): Money => ({ amount: assertMinor(amount), currency });

export const zero = (currency: string): Money => ({ amount: 0, currency });

export function add(...terms: readonly [Money, ...Money[]]): Money {
  const [first, ...rest] = terms;
  return rest.reduce((sum, term) => money(sum.amount + same(sum, term).amount, sum.currency), first);
}

export const subtract = (from: Money, term: Money): Money =>
  money(from.amount - same(from, term).amount, from.currency);

export const times = (unit: Money, quantity: number): Money => money(unit.amount * quantity, unit.currency);

/**
 * The one rounding rule: to the nearest minor unit, halves away from zero.
 * Exact for any safe integer, since it divides in BigInt.
 */
export function roundDiv(numerator: bigint, denominator: bigint): number {
  const negative = numerator < 0n !== denominator < 0n;
  const n = numerator < 0n ? -numerator : numerator;
  const d = denominator < 0n ? -denominator : denominator;
  const rounded = (2n * n + d) / (2n * d);
  return assertMinor(Number(negative ? -rounded : rounded));
}

/** `share` of an amount, rounded by the one rule. */
export const portion = (of: Money, share: BasisPoints): Money =>
  money(roundDiv(BigInt(of.amount) * BigInt(share), 10_000n), of.currency);

/**
 * Splits an amount by weights so that the parts sum exactly to it (largest remainder, earlier first); evenly where all
 * weights are zero.
 */
export function allocate(total: Money, weights: readonly number[]): Money[] {
  const sum = weights.reduce((a, b) => a + BigInt(b), 0n);
  if (sum === 0n)
    return weights.length === 0
      ? []
      : allocate(
          total,
          weights.map(() => 1),
        );
  const sign = total.amount < 0 ? -1 : 1;
  const whole = BigInt(Math.abs(total.amount));
  const parts = weights.map((weight, index) => {
    const scaled = whole * BigInt(weight);
    return { index, amount: Number(scaled / sum), rest: scaled % sum };
  });
  let left = Math.abs(total.amount) - parts.reduce((a, part) => a + part.amount, 0);
  for (const part of [...parts].sort((a, b) => (a.rest === b.rest ? a.index - b.index : a.rest < b.rest ? 1 : -1))) {
    if (left === 0) break;
    part.amount += 1;
    left -= 1;
  }
  return parts.map((part) => money(part.amount * sign, total.currency));
}

function same(a: Money, b: Money): Money {
  if (a.currency !== b.currency)
    throw new DomainError('conflict', 'amounts in different currencies cannot be added', {
      currencies: [a.currency, b.currency],
    });
  return b;
}

function assertMinor(amount: number): number {
  if (!Number.isSafeInteger(amount)) throw new RangeError('an amount of money must be a safe integer of minor units');
  return amount === 0 ? 0 : amount;
}
