import type { Money } from '../kernel/money.js';

/** One way to ship, for a country (or everywhere) and a range of subtotals. */
export interface ShippingMethod {
  readonly id: string;
  /** What a checkout names; several rows may share it. */
  readonly code: string;
  readonly name: string;
  /** ISO 3166 alpha-2; null is everywhere. */
  readonly country: string | null;
  /** Minor units of the subtotal, both ends included. */
  readonly minTotal: number;
  readonly maxTotal: number | null;
  readonly price: Money;
  readonly taxClass: string;
  readonly position: number;
}
