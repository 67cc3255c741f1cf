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

/** Where a shipped parcel can be followed; null where the carrier gives none. */
export interface Tracking {
  readonly carrier: string;
  readonly number: string | null;
  readonly url: string | null;
}

/** `requested` and `pending` claim their amount, `refused` and `failed` give it free. */
export type RefundStatus = 'requested' | 'pending' | 'succeeded' | 'refused' | 'failed';

export interface RefundSummary {
  readonly id: string;
  readonly status: RefundStatus;
  readonly reason: string;
  readonly amount: Money;
  readonly goods: Money;
  readonly shipping: Money;
  readonly tax: Money;
  readonly createdAt: string;
  readonly settledAt: string | null;
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
  /** Oldest first. */
  readonly refunds: readonly RefundSummary[];
  /** Null until it is shipped. */
  readonly tracking: Tracking | null;
  /** Its cancellation was asked for and is not done. */
  readonly cancelling: boolean;
  readonly placedAt: string;
  readonly shippedAt: string | null;
  readonly deliveredAt: string | null;
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

/** As the shop's people list them. */
export interface OrderEntry extends OrderSummary {
  readonly customerId: string | null;
  readonly paymentStatus: string;
}
