import type { Money } from '../kernel/money.js';
import type { Adjustment } from '../pricing/types.js';
import type { OrderStatus } from './status.js';

export type { OrderStatus } from './status.js';

export interface Address {
  readonly name: string;
  readonly line1: string;
  readonly line2?: string | undefined;
  readonly city: string;
  readonly region?: string | undefined;
  readonly postal_code: string;
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
}

export interface Contact {
  readonly email: string;
  /** E.164; null where none was given. */
  readonly phone: string | null;
}

export interface OrderLine {
  readonly id: string;
  readonly variantId: string;
  readonly productId: string;
  readonly sku: string;
  readonly title: string;
  readonly quantity: number;
  readonly unitPrice: Money;
  readonly lineTotal: Money;
  readonly discount: Money;
  readonly tax: Money;
  readonly adjustments: readonly Adjustment[];
}

export interface OrderPayment {
  readonly provider: string;
  readonly status: string;
  readonly amount: Money;
  readonly captured: Money;
  readonly refunded: Money;
}

export interface Order {
  readonly id: string;
  readonly number: string;
  readonly checkoutId: string;
  readonly userId: string | null;
  readonly status: OrderStatus;
  readonly version: number;
  readonly lines: readonly OrderLine[];
  readonly subtotal: Money;
  readonly discountTotal: Money;
  readonly shippingTotal: Money;
  readonly taxTotal: Money;
  readonly total: Money;
  readonly pricesIncludeTax: boolean;
  readonly shippingMethod: string;
  readonly shippingAddress: Address;
  readonly contact: Contact;
  readonly payment: OrderPayment;
  readonly placedAt: string;
}

export interface OrderEvent {
  readonly id: number;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly at: string;
}

export interface OrderSummary {
  readonly id: string;
  readonly number: string;
  readonly status: OrderStatus;
  readonly total: Money;
  readonly itemCount: number;
  readonly placedAt: string;
}
