/** What is told to a customer about an order, once per channel and only when it cannot be undone any more. */
export const ORDER_NOTIFICATIONS = ['order_confirmed', 'order_cancelled'] as const;
export type OrderNotification = (typeof ORDER_NOTIFICATIONS)[number];

export type Channel = 'email' | 'sms';

/** `skipped`: there is no way to reach the customer on this channel, or no reason to any more. `failed`: it never will be accepted. */
export type DeliveryStatus = 'sent' | 'skipped' | 'failed';

export interface PendingMessage {
  readonly event: OrderNotification;
  readonly channel: Channel;
}
