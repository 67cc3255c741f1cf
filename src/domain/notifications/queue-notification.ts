import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import type { OrderNotification } from './types.js';

/**
 * Writes down, in the transaction of the event, that the customer must be told: by e-mail and by SMS. Whether there is a
 * phone number is seen when the message is sent. Idempotent.
 */
export async function queueOrderNotification(
  em: EntityManager,
  orderId: string,
  event: OrderNotification,
): Promise<void> {
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, channel)
     values (?, 'order', ?, ?, 'email'), (?, 'order', ?, ?, 'sms')
     on conflict (subject_id, event, channel) do nothing`,
    [newId(), orderId, event, newId(), orderId, event],
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
     on conflict (subject_id, event, channel) do nothing`,
    [newId(), holdId, event],
    'run',
  );
}
