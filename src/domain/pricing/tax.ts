import { money, roundDiv, type BasisPoints, type Money } from '../kernel/money.js';

/** The tax on an amount: on top of it where prices are net, contained in it where they are gross. */
export function taxOn(amount: Money, rate: BasisPoints, pricesIncludeTax: boolean): Money {
  const base = pricesIncludeTax ? 10_000n + BigInt(rate) : 10_000n;
  return money(roundDiv(BigInt(amount.amount) * BigInt(rate), base), amount.currency);
}
