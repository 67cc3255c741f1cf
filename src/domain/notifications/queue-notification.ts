import type { EntityManager } from '@mikro-orm/postgresql';
import { idOf, newId } from '../kernel/ids.js';
import type { Money } from '../kernel/money.js';
import type { NotificationDetails, OrderNotification } from './types.js';

/**
 * Writes down, in the transaction of the event, that the customer must be told: by e-mail and by SMS. Whether there is a
 * phone number is seen when the message is sent. Idempotent for each event, or for each thing the event is `about`.
 */
export async function queueOrderNotification(
  em: EntityManager,
  orderId: string,
  event: OrderNotification,
  { about = null, ...details }: Occurrence = {},
): Promise<void> {
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, about, channel, details)
     select n.id, 'order', ?, ?, ?, n.channel, ?::jsonb from (values (?::uuid, 'email'), (?::uuid, 'sms')) n (id, channel)
     on conflict (subject_id, event, channel, about) where resend_of is null do nothing`,
    [orderId, event, about, JSON.stringify(details), newId(), newId()],
    'run',
  );
}

export interface Occurrence extends NotificationDetails {
  /** The id of what an event is about that an order may meet more than once, such as a refund. */
  readonly about?: string | null;
}

/**
 * The same for money that went back without an order: once for the payment of the checkout's attempt, and once for each `stray`,
 * an intent that no attempt knows.
 */
export async function queuePaymentReturned(
  em: EntityManager,
  orderId: string,
  refunded: Money,
  stray: string | null,
): Promise<void> {
  const about = stray === null ? null : idOf(`payment_returned:${stray}`);
  await queueOrderNotification(em, orderId, 'payment_returned', { about, refunded });
}

/** The same for an alert to staff that stock is low. */
export async function queueStockAlert(em: EntityManager, alertId: string): Promise<void> {
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, channel)
     values (?, 'stock_alert', ?, 'low_stock', 'email')`,
    [newId(), alertId],
    'run',
  );
}

/** The same for somebody who asked to be told that a variant is back; by e-mail only, once for each notice. */
export async function queueStockNotice(em: EntityManager, noticeId: string): Promise<void> {
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, channel)
     values (?, 'stock_notice', ?, 'back_in_stock', 'email')
     on conflict (subject_id, event, channel, about) where resend_of is null do nothing`,
    [newId(), noticeId],
    'run',
  );
}

/** The event of the mail that warns of a hold's end; once more of an extended one. */
export const holdExpiring = ({ extended }: { readonly extended: boolean }): string =>
  extended ? 'extended_hold_expiring' : 'hold_expiring';

/** The same for the warning that a cart's hold ends soon; by e-mail only. */
export async function queueHoldWarning(em: EntityManager, holdId: string, event: string): Promise<void> {
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, channel) values (?, 'hold', ?, ?, 'email')
     on conflict (subject_id, event, channel, about) where resend_of is null do nothing`,
    [newId(), holdId, event],
    'run',
  );
}
