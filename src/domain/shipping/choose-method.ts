import type { Money } from '../kernel/money.js';
import type { ShippingMethod } from './types.js';

/**
 * The row of a method code that applies to a country and subtotal. A country's own row goes before the
 * one for everywhere, then position and price decide. Null: the method is not offered there.
 */
export function chooseMethod(
  methods: readonly ShippingMethod[],
  { code, country, subtotal }: { readonly code: string; readonly country: string; readonly subtotal: Money },
): ShippingMethod | null {
  return offeredMethods(methods, { country, subtotal }).find((method) => method.code === code) ?? null;
}

/** One row for each method code that applies, in display order. */
export function offeredMethods(
  methods: readonly ShippingMethod[],
  { country, subtotal }: { readonly country: string; readonly subtotal: Money },
): ShippingMethod[] {
  const applicable = methods
    .filter((method) => method.country === null || method.country === country)
    .filter((method) => method.price.currency === subtotal.currency)
    .filter((method) => method.minTotal <= subtotal.amount && subtotal.amount <= (method.maxTotal ?? Infinity))
    .sort((a, b) => byCountryFirst(a, b) || byPosition(a, b));
  const seen = new Set<string>();
  return applicable.filter((method) => !seen.has(method.code) && seen.add(method.code)).sort(byPosition);
}

const byCountryFirst = (a: ShippingMethod, b: ShippingMethod): number =>
  Number(a.country === null) - Number(b.country === null);

const byPosition = (a: ShippingMethod, b: ShippingMethod): number =>
  a.position - b.position || a.price.amount - b.price.amount || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
