import type { EntityManager } from '@mikro-orm/postgresql';
import { prepared } from '../kernel/prepared.js';
import type { DeliveryStatus } from './types.js';

export interface Settlement {
  readonly status: DeliveryStatus;
  /** The provider's id of an accepted message. */
  readonly providerId?: string;
  /** Why it will never be accepted: a code. */
  readonly error?: string;
}

const TIMELINE: Record<DeliveryStatus, string | null> = {
  sent: 'customer_told',
  failed: 'customer_not_reached',
  skipped: null,
};

/** Records how a message ended, and of an order also in its timeline, in one statement. Idempotent: the first ending stays. */
export async function settleNotification(
  em: EntityManager,
  notificationId: string,
  settlement: Settlement,
): Promise<void> {
  const { status, providerId = null, error = null } = settlement;
  await em.execute(
    prepared(`with settled as (
       update notifications
       set status = ?, sent_at = case when ?::text = 'sent' then clock_timestamp() end, provider_id = ?, last_error = ?,
         claimed_until = null
       where id = ? and status = 'pending'
       returning subject_type, subject_id, event, channel, resend_of
     )
     insert into order_events (order_id, type, data)
     select subject_id, ?::text, jsonb_build_object('event', event, 'channel', channel)
       || case when resend_of is null then '{}'::jsonb else '{"resent": true}' end
     from settled
     where subject_type = 'order' and ?::text is not null and exists (select from orders o where o.id = subject_id)`),
    [status, status, providerId, error, notificationId, TIMELINE[status], TIMELINE[status]],
    'run',
  );
}
