import { z } from 'zod';
import { DomainError, type ErrorCode } from '../../../domain/kernel/errors.js';
import { newId } from '../../../domain/kernel/ids.js';
import { PAGE_LIMIT_DEFAULT } from '../../../domain/kernel/page.js';
import type { Transact } from '../../../domain/kernel/transact.js';
import { assertMay } from '../../../domain/users/index.js';
import { COMMAND_REASONS, FLOW_STATUSES, type FlowDesk, type FlowView } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint, type Request } from '../../endpoint.js';
import { Id, Instant, queryInteger } from '../../openapi/schemas.js';

/** Each flow of a page is asked for by itself. */
const LIMIT_MAX = 50;

/** The flow was not told; after any other failure it may have been. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set(['not_found', 'invalid_transition']);

const Flow = z
  .strictObject({
    workflow_id: z.string(),
    run_id: z.string(),
    type: z.string(),
    status: z.enum(FLOW_STATUSES),
    summary: z.string().nullable(),
    needs_attention: z.boolean(),
    details: z.string().nullable().meta({
      description: 'Markdown, of flows that need attention: what is stuck, why, what helps; null while no worker runs',
    }),
    order_id: Id.nullable(),
    customer_id: Id.nullable(),
    started_at: Instant,
    closed_at: Instant.nullable(),
    url: z.string().nullable().meta({ description: 'its page in Temporal’s UI' }),
  })
  .meta({ id: 'Flow' });

const present = (flow: FlowView): z.input<typeof Flow> => ({
  workflow_id: flow.workflowId,
  run_id: flow.runId,
  type: flow.type,
  status: flow.status,
  summary: flow.summary,
  needs_attention: flow.needsAttention,
  details: flow.details,
  order_id: flow.orderId,
  customer_id: flow.customerId,
  started_at: flow.startedAt,
  closed_at: flow.closedAt,
  url: flow.url,
});

const ListInput = z.strictObject({
  status: z.enum([...FLOW_STATUSES, 'any']).default('running'),
  needs_attention: z.enum(['true', 'false']).optional(),
  type: z
    .string()
    .regex(/^[A-Za-z]{1,64}$/, 'must be the name of a flow, such as checkout')
    .optional(),
  order_id: z.uuid().optional(),
  limit: queryInteger(1, LIMIT_MAX).optional(),
  cursor: z.string().max(2_000).optional(),
});
const ByWorkflowId = z.strictObject({
  workflow_id: z.string().regex(/^[\w.:-]{1,200}$/, 'must be the id of a flow, such as checkout-…'),
});
const reason = z.enum(COMMAND_REASONS).meta({ description: 'why; it stands in the audit log' });

/** Flows as the shop's people see and command them. */
export function createFlowRoutes({
  flowDesk,
  transact,
}: {
  readonly flowDesk: FlowDesk;
  readonly transact: Transact;
}): Endpoint[] {
  /**
   * A key names the update that it sends; the flow takes each once and writes the audit log itself. Killed before the
   * answer, the key is kept and its repeat sends the same update; a command that was refused did nothing and keeps no key.
   */
  async function once<T>(
    { claim, unclaim }: Pick<Request<unknown, unknown, unknown>, 'claim' | 'unclaim'>,
    command: (updateId: string) => Promise<T>,
  ): Promise<T> {
    const { resourceId } = await transact((em) => claim(em, newId()));
    try {
      return await command(resourceId);
    } catch (error) {
      if (error instanceof DomainError && REFUSALS.has(error.code)) await transact(unclaim);
      throw error;
    }
  }

  return [
    endpoint({
      method: 'get',
      path: '/admin/flows',
      operationId: 'adminListFlows',
      summary: 'Flows, newest first: those that run unless another status is asked for',
      tag: 'admin',
      access: { permission: 'flows:read' },
      query: ListInput,
      responses: { 200: z.strictObject({ data: z.array(Flow), next_cursor: z.string().nullable() }) },
      async handle({ query }) {
        const { data, nextCursor } = await flowDesk.list({
          status: query.status === 'any' ? null : query.status,
          needsAttention: query.needs_attention === undefined ? null : query.needs_attention === 'true',
          type: query.type ?? null,
          orderId: query.order_id ?? null,
          limit: query.limit ?? PAGE_LIMIT_DEFAULT,
          cursor: query.cursor,
        });
        return { status: 200, body: { data: data.map(present), next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/admin/flows/:workflow_id/retry',
      operationId: 'adminRetryFlow',
      summary: 'Try what is stuck at once, or one step of it; 409 when nothing is',
      tag: 'admin',
      access: { permission: 'flows:write' },
      idempotency: 'optional',
      params: ByWorkflowId,
      body: z.strictObject({ reason, step: z.string().max(200).optional() }),
      responses: { 200: z.strictObject({ steps: z.array(z.string()) }) },
      refuses: ['invalid_transition'],
      async handle({ params: { workflow_id: workflowId }, body, caller, claim, unclaim }) {
        assertMay(caller, 'flows:write');
        const steps = await once({ claim, unclaim }, (updateId) =>
          flowDesk.retry(workflowId, { by: caller.userId, updateId, ...body }),
        );
        return { status: 200, body: { steps: [...steps] } };
      },
    }),
    endpoint({
      method: 'post',
      path: '/admin/flows/:workflow_id/cancel',
      operationId: 'adminCancelFlow',
      summary:
        'Stop a checkout that is not being placed yet; it undoes everything. Other flows cannot be cancelled: 409',
      tag: 'admin',
      access: { permission: 'flows:write' },
      idempotency: 'optional',
      params: ByWorkflowId,
      body: z.strictObject({ reason }),
      responses: { 202: z.strictObject({ workflow_id: z.string() }) },
      refuses: ['invalid_transition'],
      async handle({ params: { workflow_id: workflowId }, body, caller, claim, unclaim }) {
        assertMay(caller, 'flows:write');
        await once({ claim, unclaim }, (updateId) =>
          flowDesk.cancel(workflowId, { by: caller.userId, updateId, ...body }),
        );
        return { status: 202, body: { workflow_id: workflowId } };
      },
    }),
  ];
}
