import type { Money } from '../kernel/money.js';

/** What is told to a customer about an order, once per channel and only when it cannot be undone any more. */
export const ORDER_NOTIFICATIONS = [
  'order_confirmed',
  'order_shipped',
  'order_delivered',
  'order_cancelled',
  'order_refunded',
] as const;
/**
 * `payment_returned` is told under an order's id though that order may never have come to be: what was paid for it, or paid
 * beside it, went back.
 */
export type OrderNotification = (typeof ORDER_NOTIFICATIONS)[number] | 'payment_returned';
/** What is told of an order that stands. */
export type PlacedNotification = Exclude<OrderNotification, 'payment_returned'>;

/** What a message says beside the order as it is when it is sent: written down with the event. */
export interface NotificationDetails {
  /** `order_shipped`: whose parcel it is now, as staff typed it. */
  readonly tracking?: Tracking;
  /** `order_refunded`, `payment_returned`, and `order_cancelled` where money had been taken: what goes back. */
  readonly refunded?: Money;
  /** `order_cancelled`: who wanted it; absent when its payment could not be completed. */
  readonly cancelledBy?: 'customer' | 'shop';
}

export interface Tracking {
  readonly carrier: string;
  readonly number?: string | null | undefined;
  readonly url?: string | null | undefined;
}

export type Channel = 'email' | 'sms';

/** `skipped`: there is no way to reach the customer on this channel, or no reason to any more. `failed`: it never will be accepted. */
export type DeliveryStatus = 'sent' | 'skipped' | 'failed';

/** A message as its log shows it. */
export interface LoggedMessage {
  readonly id: string;
  readonly event: string;
  readonly about: string | null;
  readonly channel: Channel;
  readonly status: DeliveryStatus | 'pending';
  readonly attempts: number;
  /** The code of the last failure. */
  readonly error: string | null;
  readonly resendOf: string | null;
  readonly createdAt: string;
  readonly sentAt: string | null;
}

export interface PendingMessage {
  readonly notificationId: string;
  readonly event: OrderNotification;
  readonly channel: Channel;
}
