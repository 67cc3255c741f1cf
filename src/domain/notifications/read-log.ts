import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { decodeIdCursor, page, type Page } from '../kernel/page.js';
import type { LoggedMessage } from './types.js';

const COLUMNS = `id, event, about, channel, status, attempts, last_error as error, resend_of as "resendOf",
  created_at as "createdAt", sent_at as "sentAt"`;

/** What was, and is to be, told of an order, newest first. Who it went to stands in the order alone. */
export async function listNotifications(
  em: EntityManager,
  orderId: string,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string | undefined },
): Promise<Page<LoggedMessage>> {
  const after = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<LoggedMessage[]>(
    `select ${COLUMNS} from notifications
     where subject_type = 'order' and subject_id = ? and (?::uuid is null or id < ?::uuid)
     order by id desc limit ?`,
    [orderId, after, after, limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => ({ ...row }),
    (row) => [row.id],
  );
}

/** @throws DomainError `not_found` */
export async function readNotification(em: EntityManager, id: string): Promise<LoggedMessage> {
  const [row] = await em.execute<LoggedMessage[]>(`select ${COLUMNS} from notifications where id = ?`, [id]);
  if (row === undefined) throw notFound('notification');
  return { ...row };
}
