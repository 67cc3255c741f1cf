import type { EntityManager } from '@mikro-orm/postgresql';
import type { Looked } from './look-at-stock.js';

/** By then whoever was woken has done its work. Minutes. */
const HANDLED_WITHIN = 10;

/**
 * Events of the provider that a flow had to act on and that were never noted as handled: of money for a checkout that was over
 * when they came or that is paid otherwise, and of refunds.
 */
export async function lookAtEvents(em: EntityManager, after: string | null, limit: number): Promise<Looked> {
  const rows = await em.execute<{ event: string; type: string; refund: boolean }[]>(
    `select e.id as event, e.type, (e.type ~ '^(refund\\.|charge\\.refunded$|charge\\.refund\\.)') as refund
     from payment_events e join checkouts k on k.id = e.checkout_id
     where e.handled_at is null and e.received_at < now() - ?::integer * interval '1 minute' and (?::text is null or e.id > ?::text)
       and (e.type ~ '^(refund\\.|charge\\.refunded$|charge\\.refund\\.)'
         or (e.outcome in ('authorised', 'captured') and case k.status
           when 'placed' then not exists (select from payments p where p.checkout_id = k.id and p.intent_id = e.intent_id)
           else e.received_at >= k.closed_at end))
     order by e.id limit ?`,
    [HANDLED_WITHIN, after, after, limit],
  );
  return {
    sightings: rows.map(({ event, type, refund }) => ({
      kind: refund ? 'refund_event_not_handled' : 'payment_event_not_handled',
      subject: { event },
      expected: { handled: 'yes' },
      found: { handled: 'no', type },
      action: 'handle_event',
    })),
    looked: rows.length,
    next: rows.length < limit ? null : (rows.at(-1)?.event ?? null),
  };
}
