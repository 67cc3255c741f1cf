import { z } from 'zod';
import { writeAudit } from '../../../domain/audit/index.js';
import { DomainError, notFound } from '../../../domain/kernel/errors.js';
import { newId } from '../../../domain/kernel/ids.js';
import type { Log } from '../../../domain/kernel/log.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import {
  listNotifications,
  readNotification,
  resendNotification,
  type LoggedMessage,
} from '../../../domain/notifications/index.js';
import { findOrderOwner } from '../../../domain/orders/index.js';
import { assertMay, assertMayForVendor } from '../../../domain/users/index.js';
import { notifyWorkflowId, type Flows } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id, Instant, pageInput } from '../../openapi/schemas.js';

export interface NotificationRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly flows: Pick<Flows, 'start' | 'signal'>;
  readonly log: Log;
}

const Notification = z
  .strictObject({
    id: Id,
    event: z.string(),
    about: Id.nullable().meta({ description: 'what the event is about, such as a refund' }),
    channel: z.enum(['email', 'sms']),
    status: z.enum(['pending', 'sent', 'skipped', 'failed']),
    attempts: z.int(),
    error: z.string().nullable().meta({ description: 'the code of the last failure' }),
    resend_of: Id.nullable(),
    created_at: Instant,
    sent_at: Instant.nullable(),
  })
  .meta({ id: 'Notification' });

const present = (message: LoggedMessage): z.input<typeof Notification> => ({
  id: message.id,
  event: message.event,
  about: message.about,
  channel: message.channel,
  status: message.status,
  attempts: message.attempts,
  error: message.error,
  resend_of: message.resendOf,
  created_at: message.createdAt,
  sent_at: message.sentAt,
});

/** What customers were told of their orders, for staff. */
export function createNotificationRoutes({ transact, query, flows, log }: NotificationRouteDeps): Endpoint[] {
  /** The row is what counts: where no flow can be told, the sweep finds it. */
  async function tell(orderId: string): Promise<void> {
    const workflowId = notifyWorkflowId(orderId);
    try {
      if (await flows.signal(workflowId, 'moreToTell')) return;
      await flows.start('notify', workflowId, { orderId }, { orderId }, { again: true });
    } catch (error) {
      if (!(error instanceof DomainError && error.code === 'temporarily_unavailable')) throw error;
      log.warn({ workflow_id: workflowId }, 'a message waits for the sweep');
    }
  }

  return [
    endpoint({
      method: 'get',
      path: '/admin/orders/:id/notifications',
      operationId: 'adminListNotifications',
      summary: 'What the customer was, and is to be, told of the order, newest first',
      tag: 'admin',
      access: { permission: 'orders:read' },
      params: z.strictObject({ id: z.uuid() }),
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(Notification), next_cursor: z.string().nullable() }) },
      async handle({ caller, params: { id }, query: { limit, cursor } }) {
        assertMayForVendor(caller, 'orders:read', null, 'order');
        if ((await query((em) => findOrderOwner(em, id))) === null) throw notFound('order');
        const { data, nextCursor } = await query((em) => listNotifications(em, id, { limit, cursor }));
        return { status: 200, body: { data: data.map(present), next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/admin/orders/:id/notifications/:notification_id/resend',
      operationId: 'adminResendNotification',
      summary: 'Tell the customer once more, as a message of its own',
      tag: 'admin',
      access: { permission: 'orders:write' },
      idempotency: 'required',
      params: z.strictObject({ id: z.uuid(), notification_id: z.uuid() }),
      responses: { 202: Notification },
      refuses: ['conflict'],
      async handle({ params, caller, requestId, claim }) {
        assertMay(caller, 'orders:write');
        assertMayForVendor(caller, 'orders:write', null, 'order');
        const { id: orderId, notification_id: notificationId } = params;
        const message = await transact(async (em) => {
          const { resourceId, replayed } = await claim(em, newId());
          if (!replayed) {
            await resendNotification(em, { orderId, notificationId, resendId: resourceId });
            await writeAudit(em, {
              actor: { type: 'user', id: caller.userId },
              action: 'notification.resent',
              object: { type: 'order', id: orderId },
              data: { notification_id: resourceId, resend_of: notificationId },
              requestId,
            });
          }
          return readNotification(em, resourceId);
        });
        if (message.status === 'pending') await tell(orderId);
        return { status: 202, body: present(message) };
      },
    }),
  ];
}
