import { z } from 'zod';
import { newId } from '../../../domain/kernel/ids.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import {
  AREAS,
  decideDifference,
  DIFFERENCE_STATES,
  listDifferences,
  listReconciliations,
  readDifference,
  readReconciliation,
  type Decision,
  type Difference,
  type Reconciliation,
} from '../../../domain/reconciliation/index.js';
import { assertMay } from '../../../domain/users/index.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id, Instant, pageInput } from '../../openapi/schemas.js';

const Counts = <K extends string>(keys: readonly K[]) => z.partialRecord(z.enum(keys), z.int());

const Run = z
  .strictObject({
    id: Id,
    started_at: Instant,
    ended_at: Instant.nullable().meta({ description: 'null while it is under way, and of one that was ended by hand' }),
    looked: Counts(AREAS).meta({ description: 'how many were looked at' }),
    differences: Counts(DIFFERENCE_STATES).meta({ description: 'what has become of those that it saw' }),
  })
  .meta({ id: 'Reconciliation' });

const Figures = z.record(z.string().max(50), z.union([z.string().max(10_000), z.int()]));

const DifferenceView = z
  .strictObject({
    id: Id,
    area: z.enum(AREAS),
    kind: z.string(),
    subject: z.record(z.string(), z.string()).meta({ description: 'the ids of what it is about' }),
    expected: Figures,
    found: Figures,
    action: z.string().meta({ description: 'how it is mended, at once or once approved; by_hand: by a person alone' }),
    state: z.enum(DIFFERENCE_STATES),
    failure: z.string().nullable().meta({ description: 'why it could not be mended when that was last tried' }),
    decided_by: Id.nullable(),
    first_seen_at: Instant,
    seen_at: Instant,
    changed_at: Instant,
  })
  .meta({ id: 'Difference' });

const presentRun = (run: Reconciliation): z.input<typeof Run> => ({
  id: run.id,
  started_at: run.startedAt,
  ended_at: run.endedAt,
  looked: run.looked,
  differences: run.differences,
});

const present = (difference: Difference): z.input<typeof DifferenceView> => ({
  id: difference.id,
  area: difference.area,
  kind: difference.kind,
  subject: difference.subject,
  expected: difference.expected,
  found: difference.found,
  action: difference.action,
  state: difference.state,
  failure: difference.failure,
  decided_by: difference.decidedBy,
  first_seen_at: difference.firstSeenAt,
  seen_at: difference.seenAt,
  changed_at: difference.changedAt,
});

const ById = z.strictObject({ id: z.uuid() });
const Page = <T extends z.ZodType>(row: T) =>
  z.strictObject({ data: z.array(row), next_cursor: z.string().nullable() });
const Shown = z.strictObject({
  expected: Figures.meta({ description: 'as it was shown' }),
  found: Figures.meta({ description: 'as it was shown' }),
});

/** What reconciliation found, and what a person decides about it. */
export function createReconciliationRoutes({
  transact,
  query,
}: {
  readonly transact: Transact;
  readonly query: Query;
}): Endpoint[] {
  const decision = (verb: 'approve' | 'reject', decided: Decision['decision'], summary: string): Endpoint =>
    endpoint({
      method: 'post',
      path: `/admin/reconciliation-differences/:id/${verb}`,
      operationId: `${verb}Difference`,
      summary,
      tag: 'admin',
      access: { permission: 'flows:write' },
      idempotency: 'required',
      params: ById,
      body: Shown,
      responses: { 202: DifferenceView },
      refuses: ['conflict', 'invalid_transition'],
      async handle({ params: { id }, body, caller, requestId, claim }) {
        assertMay(caller, 'flows:write');
        const { userId } = caller;
        const difference = await transact(async (em) => {
          const { replayed } = await claim(em, newId());
          if (!replayed)
            await decideDifference(em, { differenceId: id, decision: decided, shown: body, userId, requestId });
          return readDifference(em, id);
        });
        return { status: 202, body: present(difference) };
      },
    });

  return [
    endpoint({
      method: 'get',
      path: '/admin/reconciliations',
      operationId: 'listReconciliations',
      summary: 'Runs that laid the books beside each other, newest first, with what has become of what they saw',
      tag: 'admin',
      access: { permission: 'flows:read' },
      query: z.strictObject(pageInput),
      responses: { 200: Page(Run) },
      async handle({ query: { limit, cursor } }) {
        const { data, nextCursor } = await query((em) => listReconciliations(em, { limit, cursor }));
        return { status: 200, body: { data: data.map(presentRun), next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/admin/reconciliations/:id',
      operationId: 'readReconciliation',
      summary: 'The report of a run',
      tag: 'admin',
      access: { permission: 'flows:read' },
      params: ById,
      responses: { 200: Run },
      handle: async ({ params: { id } }) => ({
        status: 200,
        body: presentRun(await query((em) => readReconciliation(em, id))),
      }),
    }),
    endpoint({
      method: 'get',
      path: '/admin/reconciliation-differences',
      operationId: 'listDifferences',
      summary: 'Differences between two books, newest first: in one state, or seen by one run',
      tag: 'admin',
      access: { permission: 'flows:read' },
      query: z.strictObject({
        ...pageInput,
        state: z.enum(DIFFERENCE_STATES).optional(),
        reconciliation_id: z.uuid().optional(),
      }),
      responses: { 200: Page(DifferenceView) },
      async handle({ query: { limit, cursor, state = null, reconciliation_id: runId = null } }) {
        const { data, nextCursor } = await query((em) => listDifferences(em, { limit, cursor, state, runId }));
        return { status: 200, body: { data: data.map(present), next_cursor: nextCursor } };
      },
    }),
    decision('approve', 'approved', 'Have a difference mended, by the figures that were shown; a flow does it'),
    decision('reject', 'rejected', 'Leave a difference as it is, until its figures change'),
  ];
}
