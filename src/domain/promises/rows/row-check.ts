import type { EntityManager } from '@mikro-orm/postgresql';
import type { AuditScope, Breach, CheckResult, Promised } from '../types.js';

/** A check that PostgreSQL answers alone. */
export interface RowCheck {
  readonly promise: Promised;
  readonly check: string;
  /** SQL behind `select count(*) from`: what is looked at. */
  readonly looked: string;
  /** SQL that selects `what` (text) and `ids` (jsonb) of each breach. May leave out the checkouts in `unsettled (id)`. */
  readonly breaches: string;
}

/** Enough to act on; the others are counted. */
const SHOWN = 20;

/** Checkouts that moved within the last so many milliseconds, in any of their tables; with 0 none. */
export const UNSETTLED = `unsettled as (
  with since as (
    select case ms when 0 then 'infinity' else now() - ms * interval '1 millisecond' end as at from (values (?::integer)) v (ms)
  )
  select k.id from checkouts k, since s where k.updated_at > s.at
  union select t.checkout_id from checkout_steps t, since s where t.at > s.at
  union select a.checkout_id from payment_attempts a, since s where greatest(a.begun_at, a.settled_at) > s.at
  union select o.checkout_id from orders o, since s where o.updated_at > s.at
  union select p.checkout_id from payments p, since s where p.updated_at > s.at
  union select l.checkout_id from payment_ledger l, since s where l.created_at > s.at
)`;

/** One statement, so that all it compares is of one moment. */
export async function runRowCheck(em: EntityManager, check: RowCheck, scope: AuditScope): Promise<CheckResult> {
  const [row] = await em.execute<{ looked: number; breached: number; breaches: readonly Breach[] }[]>(
    `with ${UNSETTLED}, found as (${check.breaches})
     select (select count(*)::integer from ${check.looked}) as looked, (select count(*)::integer from found) as breached,
       (select coalesce(jsonb_agg(jsonb_build_object('what', f.what, 'ids', f.ids)), '[]')
          from (select what, ids from found order by ids limit ${SHOWN}) f) as breaches`,
    [scope.settledForMs],
  );
  if (row === undefined) throw new Error('a select without a table has one row');
  return { promise: check.promise, check: check.check, ...row };
}

/** Breaches that were not found in PostgreSQL alone, in the same form. */
export const resultOf = (
  about: { readonly promise: Promised; readonly check: string },
  looked: number,
  breaches: readonly Breach[],
  note?: string,
): CheckResult => ({
  promise: about.promise,
  check: about.check,
  looked,
  breached: breaches.length,
  breaches: breaches.slice(0, SHOWN),
  ...(note === undefined ? {} : { note }),
});
