import type { Money } from '../../kernel/money.js';

/** As customers read it, with as many decimals as the currency has: `$1,234.50`, `¥1,235`. */
export function formatMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat('en-US', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  // plain spaces keep an SMS within the short alphabet
  return format.format(amount / 10 ** digits).replace(/\p{Zs}/gu, ' ');
}
