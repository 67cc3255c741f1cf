import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { decodeIdCursor, page, type Page } from '../kernel/page.js';
import { DIFFERENCE } from './store.js';
import type { Difference, DifferenceState, Reconciliation } from './types.js';

export interface PageOf {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

const RUN = `r.id, r.started_at as "startedAt", r.ended_at as "endedAt", r.looked,
  (select coalesce(jsonb_object_agg(s.state, s.count), '{}') from (
     select d.state, count(*) as count from reconciliation_sightings s
     join reconciliation_differences d on d.id = s.difference_id where s.run_id = r.id group by d.state) s) as differences`;

/** Runs, newest first. */
export async function listReconciliations(em: EntityManager, { limit, cursor }: PageOf): Promise<Page<Reconciliation>> {
  const after = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<Reconciliation[]>(
    `select ${RUN} from reconciliations r
     where ?::uuid is null or (r.started_at, r.id) < (select b.started_at, b.id from reconciliations b where b.id = ?::uuid)
     order by r.started_at desc, r.id desc limit ?`,
    [after, after, limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => row,
    (row) => [row.id],
  );
}

/** @throws DomainError `not_found` */
export async function readReconciliation(em: EntityManager, id: string): Promise<Reconciliation> {
  const [row] = await em.execute<Reconciliation[]>(`select ${RUN} from reconciliations r where r.id = ?`, [id]);
  if (row === undefined) throw notFound('reconciliation');
  return row;
}

/** Newest first: of one run, in one state, or all. */
export async function listDifferences(
  em: EntityManager,
  { limit, cursor, runId, state }: PageOf & { readonly runId: string | null; readonly state: DifferenceState | null },
): Promise<Page<Difference>> {
  const after = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<Difference[]>(
    `select ${DIFFERENCE} from reconciliation_differences d
     where (?::uuid is null or d.id < ?::uuid) and (?::text is null or d.state = ?::text)
       and (?::uuid is null or exists (
         select from reconciliation_sightings s where s.run_id = ?::uuid and s.difference_id = d.id))
     order by d.id desc limit ?`,
    [after, after, state, state, runId, runId, limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => row,
    (row) => [row.id],
  );
}

/** @throws DomainError `not_found` */
export async function readDifference(em: EntityManager, id: string): Promise<Difference> {
  const [row] = await em.execute<Difference[]>(
    `select ${DIFFERENCE} from reconciliation_differences d where d.id = ?`,
    [id],
  );
  if (row === undefined) throw notFound('difference');
  return row;
}
