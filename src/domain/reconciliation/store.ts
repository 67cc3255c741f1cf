import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../kernel/ids.js';
import { isSafe, type Area, type Difference, type DifferenceState, type Sighting } from './types.js';

export const DIFFERENCE = `d.id, d.area, d.kind, d.subject, d.expected, d.found, d.action, d.state, d.failure,
  d.decided_by as "decidedBy", d.first_seen_at as "firstSeenAt", d.seen_at as "seenAt", d.changed_at as "changedAt"`;

/** Begins a run, once for its id. */
export async function beginReconciliation(em: EntityManager, runId: string): Promise<void> {
  await em.execute('insert into reconciliations (id) values (?) on conflict do nothing', [runId], 'run');
}

/**
 * Writes down what was seen: one row for the same difference however often it is seen, until it is mended or gone. With other
 * figures than before it is judged anew, also when it was rejected; what a flow mends just now is left to it.
 */
export async function noteSightings(
  em: EntityManager,
  runId: string,
  area: Area,
  sightings: readonly Sighting[],
): Promise<void> {
  if (sightings.length === 0) return;
  const rows = sightings
    .map((each) => ({ ...each, id: newId(), state: isSafe(each.action) ? 'open' : 'awaiting_approval' }))
    // Two runs at once write in the same order.
    .sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  await em.execute(
    `with seen as (
       insert into reconciliation_differences as d (id, run_id, area, kind, subject, expected, found, action, state)
       select s.id, ?, ?, s.kind, s.subject, s.expected, s.found, s.action, s.state
       from jsonb_to_recordset(?::jsonb)
         as s (id uuid, kind text, subject jsonb, expected jsonb, found jsonb, action text, state text)
       on conflict (kind, subject) where state not in ('repaired', 'gone') do update set
         seen_at = clock_timestamp(),
         expected = case when d.state = 'approved' then d.expected else excluded.expected end,
         found = case when d.state = 'approved' then d.found else excluded.found end,
         action = case when d.state = 'approved' then d.action else excluded.action end,
         state = case
           when d.state = 'approved' then d.state
           when (d.expected, d.found, d.action) = (excluded.expected, excluded.found, excluded.action) then d.state
           else excluded.state end,
         changed_at = case
           when d.state = 'approved' or (d.expected, d.found, d.action) = (excluded.expected, excluded.found, excluded.action)
           then d.changed_at else clock_timestamp() end
       returning d.id
     )
     insert into reconciliation_sightings (run_id, difference_id) select ?, id from seen on conflict do nothing`,
    [runId, area, JSON.stringify(rows), runId],
    'run',
  );
}

const nameOf = ({ kind, subject }: Sighting): string => `${kind} ${JSON.stringify(subject)}`;

/** An area was looked through: what was not seen any more is gone. Answers how many were. */
export async function closeUnseen(em: EntityManager, runId: string, area: Area, looked: number): Promise<number> {
  const [row] = await em.execute<{ gone: number }[]>(
    `with closed as (
       update reconciliation_differences d set state = 'gone', changed_at = clock_timestamp()
       where d.area = ? and d.state in ('open', 'awaiting_approval', 'rejected')
         and d.seen_at < (select started_at from reconciliations where id = ?)
         and not exists (select from reconciliation_sightings s where s.run_id = ? and s.difference_id = d.id)
       returning d.id
     ), noted as (
       insert into reconciliation_sightings (run_id, difference_id) select ?, id from closed on conflict do nothing
     ), counted as (
       update reconciliations set looked = looked || jsonb_build_object(?::text, ?::integer) where id = ?
     )
     select count(*)::integer as gone from closed`,
    [area, runId, runId, runId, area, looked, runId],
  );
  return row?.gone ?? 0;
}

/** Ends a run; answers what has become of what it saw. */
export async function endReconciliation(
  em: EntityManager,
  runId: string,
): Promise<Partial<Record<DifferenceState, number>>> {
  await em.execute(
    'update reconciliations set ended_at = coalesce(ended_at, clock_timestamp()) where id = ?',
    [runId],
    'run',
  );
  const rows = await em.execute<{ state: DifferenceState; count: number }[]>(
    `select d.state, count(*)::integer as count from reconciliation_sightings s
     join reconciliation_differences d on d.id = s.difference_id where s.run_id = ? group by d.state`,
    [runId],
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, count]));
}

/** The next differences of an area that are to be mended at once. */
export const findOpen = (em: EntityManager, area: Area, after: string | null, limit: number): Promise<Difference[]> =>
  em.execute<Difference[]>(
    `select ${DIFFERENCE} from reconciliation_differences d
     where d.area = ? and d.state = 'open' and (?::uuid is null or d.id > ?::uuid) order by d.id limit ?`,
    [area, after, after, limit],
  );

/** Null when there is none of this id. */
export async function lockDifference(em: EntityManager, id: string): Promise<Difference | null> {
  const [row] = await em.execute<Difference[]>(
    `select ${DIFFERENCE} from reconciliation_differences d where d.id = ? for update`,
    [id],
  );
  return row ?? null;
}

export async function settleDifference(
  em: EntityManager,
  id: string,
  state: DifferenceState,
  failure: string | null = null,
): Promise<void> {
  await em.execute(
    'update reconciliation_differences set state = ?, failure = ?, changed_at = clock_timestamp() where id = ?',
    [state, failure, id],
    'run',
  );
}

/** When money has to be looked at from: the last whole run, and all that is still different. Null: nothing was ever bought. */
export async function findMoneySince(em: EntityManager, overlapMs: number): Promise<Date | null> {
  const [row] = await em.execute<{ since: string }[]>(
    `select greatest(k.first, least(
         coalesce((select max(started_at) - ?::bigint * interval '1 millisecond' from reconciliations
           where ended_at is not null and jsonb_exists(looked, 'money')), k.first),
         (select min(k.created_at) from reconciliation_differences d join checkouts k on k.id::text = d.subject ->> 'checkout'
           where d.area = 'money' and d.state not in ('repaired', 'gone')),
         (select min(r.lost_since) from restores r where exists (select from reconciliation_differences d
           where d.kind = 'money_of_lost_checkout' and d.state not in ('repaired', 'gone')))))::text as since
     from (select least(min(created_at), (select min(lost_since) from restores)) as first from checkouts) k
     where k.first is not null`,
    [overlapMs],
  );
  return row === undefined ? null : new Date(row.since);
}
