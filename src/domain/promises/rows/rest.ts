import type { RowCheck } from './row-check.js';

const ENDED_UNPAID = `k.closed_at is not null and k.status <> 'placed'`;

export const REST_CHECKS: readonly RowCheck[] = [
  {
    promise: 'undo',
    check: 'a checkout that ended unpaid holds no stock',
    looked: `checkouts k where ${ENDED_UNPAID}`,
    breaches: `select format('%s, reservation of %s live', k.status, r.quantity) as what,
        jsonb_build_object('checkout', k.id, 'reservation', r.id) as ids
      from checkouts k join reservations r on r.checkout_id = k.id and r.state = 'live' where ${ENDED_UNPAID}`,
  },
  {
    promise: 'undo',
    check: 'a checkout that ended unpaid has voided each payment that began',
    looked: `checkouts k where ${ENDED_UNPAID}`,
    breaches: `select format('%s, attempt %s %s %s', k.status, a.attempt, a.state, a.outcome) as what,
        jsonb_strip_nulls(jsonb_build_object('checkout', k.id, 'attempt', a.id, 'intent', a.intent_id)) as ids
      from checkouts k join payment_attempts a on a.checkout_id = k.id and a.step = 'authorise'
      where ${ENDED_UNPAID} and a.state <> 'tombstoned' and a.outcome is distinct from 'voided'
        and not (a.outcome = 'declined' and a.intent_id is null) and k.id not in (select id from unsettled)`,
  },
  {
    promise: 'undo',
    check: 'a cart is free once its checkout ended unpaid',
    looked: `checkouts k where ${ENDED_UNPAID}`,
    breaches: `select k.status as what, jsonb_build_object('checkout', k.id, 'cart', c.id) as ids
      from checkouts k join carts c on c.checkout_id = k.id where ${ENDED_UNPAID} and c.status = 'open'`,
  },
  {
    promise: 'say it once',
    check: 'each event has one message a channel, sent when it says so',
    looked: 'notifications',
    breaches: `select format('%s rows for %s by %s', count(*), event, channel) as what, jsonb_build_object('subject', subject_id) as ids
      from notifications where resend_of is null group by subject_id, event, channel, about having count(*) > 1
      union all
      select format('%s, sent_at %s', status, coalesce(sent_at::text, 'empty')), jsonb_build_object('notification', id)
      from notifications where (status = 'sent') <> (sent_at is not null)`,
  },
  {
    promise: 'say it once',
    check: 'what happened to an order is written down to be told',
    looked: `orders where status <> 'pending'`,
    breaches: `select format('%s, nothing to tell by %s', o.status, c.channel) as what, jsonb_build_object('order', o.id) as ids
      from orders o cross join (values ('email'), ('sms')) c (channel)
      where o.status in ('confirmed', 'shipped', 'delivered', 'cancelled')
        and not exists (select from notifications n where n.subject_id = o.id and n.channel = c.channel
          and n.event = case o.status when 'cancelled' then 'order_cancelled' else 'order_confirmed' end)`,
  },
  {
    promise: 'say it once',
    check: 'who waited for a variant was told once, and is forgotten',
    looked: `stock_notices where state = 'told'`,
    breaches: `select format('%s messages sent', count(n.id)) as what, jsonb_build_object('stock notice', s.id) as ids
      from stock_notices s left join notifications n on n.subject_id = s.id and n.status = 'sent'
      where s.state = 'told' group by s.id having count(n.id) <> 1
      union all
      select format('%s, its address is kept', state), jsonb_build_object('stock notice', id) from stock_notices
      where state <> 'open' and num_nonnulls(email, email_index, user_id) > 0`,
  },
  {
    promise: 'rest',
    check: 'the outbox is drained',
    looked: 'outbox',
    breaches: `select format('%s waits since %s', topic, created_at) as what, jsonb_build_object('outbox', id::text) as ids
      from outbox where published_at is null and created_at < now() - interval '1 minute'`,
  },
  {
    promise: 'rest',
    check: 'an idempotency key of a checkout names one that exists',
    looked: 'idempotency_keys',
    breaches: `select 'names no checkout' as what, jsonb_build_object('checkout', i.resource_id) as ids
      from idempotency_keys i
      where i.operation ilike '%checkout%' and not exists (select from checkouts k where k.id = i.resource_id)`,
  },
];
