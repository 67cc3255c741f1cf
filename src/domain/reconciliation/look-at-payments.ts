import type { EntityManager } from '@mikro-orm/postgresql';
import { BOOKED, TOLD, toldRows, type PaymentStatement } from '../payments/index.js';
import { UNSETTLED } from '../promises/index.js';
import { comparePayment, type OurSide } from './compare-payment.js';
import type { Sighting } from './types.js';

/** What moved more recently may be half done between the provider and us. Milliseconds. */
const SETTLED_MS = 10 * 60_000;
/** How far the provider's clock may be from ours. Milliseconds. */
const SKEW_MS = 10 * 60_000;

/** Compares some payments of a provider with our books. The provider is read first: what moves meanwhile is not at rest. */
export async function lookAtPayments(
  em: EntityManager,
  provider: string,
  told: readonly PaymentStatement[],
): Promise<Sighting[]> {
  const rows = await em.execute<OurSide[]>(
    `with ${UNSETTLED}
     select k.id as checkout, p.order_id as order, o.status, p.amount, p.currency,
       coalesce(k.closed_at is not null and not exists (select from unsettled u where u.id = k.id), false) as "atRest",
       ${BOOKED} as booked,
       case when k.id is null and exists (select from restores r
         where t.created between r.lost_since - ?::integer * interval '1 millisecond' and r.restored_at) then t.checkout end as lost
     from ${TOLD}
     left join payments p on p.provider = ? and p.intent_id = t.intent
     left join orders o on o.id = p.order_id order by t.at`,
    [SETTLED_MS, provider, SKEW_MS, toldRows(told), provider, provider],
  );
  return told.flatMap((statement, at) => {
    const ours = rows[at];
    return ours === undefined ? [] : comparePayment(statement, provider, ours);
  });
}

/** Payments in the ledger, of checkouts that began since then, that the provider does not have. */
export async function findUnknownToProvider(
  em: EntityManager,
  provider: string,
  since: Date,
  told: readonly string[],
): Promise<Sighting[]> {
  const rows = await em.execute<{ intent: string; checkout: string; booked: string }[]>(
    `with ${UNSETTLED}
     select l.intent_id as intent, l.checkout_id as checkout,
       string_agg(concat_ws(' ', l.type, l.reference, l.amount, l.currency), '; ' order by l.type, l.reference) as booked
     from payment_ledger l join checkouts k on k.id = l.checkout_id
     where l.provider = ? and k.created_at >= ? and k.id not in (select id from unsettled)
       and l.intent_id not in (select value from jsonb_array_elements_text(?::jsonb))
     group by l.intent_id, l.checkout_id`,
    [SETTLED_MS, provider, since.toISOString(), JSON.stringify(told)],
  );
  return rows.map(({ intent, checkout, booked }) => ({
    kind: 'booked_only',
    subject: { provider, intent, checkout },
    expected: { movements: '' },
    found: { movements: booked },
    action: 'by_hand',
  }));
}
