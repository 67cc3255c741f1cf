import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../kernel/errors.js';

export interface Resend {
  readonly orderId: string;
  /** The message to say again; of one that was sent again itself, what it repeats. */
  readonly notificationId: string;
  /** The id of the new message. */
  readonly resendId: string;
}

/**
 * Queues a message of an order once more, as one of its own: with another id, to the order's address, saying how the order is
 * when it is sent. The first one stays as it ended.
 * @throws DomainError `not_found`, and `conflict` while it, or a repeat of it, is still being told
 */
export async function resendNotification(
  em: EntityManager,
  { orderId, notificationId, resendId }: Resend,
): Promise<void> {
  const [first] = await em.execute<{ id: string }[]>(
    `select first.id from notifications named join notifications first on first.id = coalesce(named.resend_of, named.id)
     where named.id = ? and named.subject_type = 'order' and named.subject_id = ? for update of first`,
    [notificationId, orderId],
  );
  if (first === undefined) throw notFound('notification');
  // After the lock, in a statement of its own: a repeat that the lock waited for is seen.
  const [waiting] = await em.execute<{ id: string }[]>(
    `select id from notifications where (id = ? or resend_of = ?) and status = 'pending' limit 1`,
    [first.id, first.id],
  );
  if (waiting !== undefined)
    throw new DomainError('conflict', 'this message is still being told', { notificationId: waiting.id });
  await em.execute(
    `insert into notifications (id, subject_type, subject_id, event, about, channel, details, resend_of)
     select ?, subject_type, subject_id, event, about, channel, details, id from notifications where id = ?`,
    [resendId, first.id],
    'run',
  );
}
