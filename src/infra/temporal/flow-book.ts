import type { Client, WorkflowExecutionInfo } from '@temporalio/client';
import type { BadEnd, FlowBook } from '../../domain/promises/ports.js';
import { ORDER_ID } from '../../workflows/attributes.js';
import {
  cancelOrderWorkflowId,
  checkoutRecoveryWorkflowId,
  checkoutWorkflowId,
  notifyWorkflowId,
  paymentEventWorkflowId,
  refundEventWorkflowId,
  refundWorkflowId,
  reservationExpiryWorkflowId,
} from '../../workflows/contracts.js';

/** What flows are about, by their ids; the longer prefix first. */
const ABOUT: readonly (readonly [BadEnd['about'], (id: string) => string])[] = [
  ['checkout', checkoutRecoveryWorkflowId],
  ['checkout', checkoutWorkflowId],
  ['hold', reservationExpiryWorkflowId],
  ['order', notifyWorkflowId],
  ['cancellation', cancelOrderWorkflowId],
  ['refund_event', refundEventWorkflowId],
  ['refund', refundWorkflowId],
  ['payment_event', paymentEventWorkflowId],
];

/** Flows that can be ended by hand at any time: they hold nothing, or the clock starts them anew. */
const NOTHING_TO_UNDO: ReadonlySet<string> = new Set([
  'passwordReset',
  'confirmEmail',
  'catalogueImport',
  'lowStock',
  'backInStock',
  'searchIndex',
  'searchRebuild',
  'reservationSweep',
  'reconciliation',
  'reconciliationRepair',
]);

/** Flows that wait for days, or are at work all the time. */
const LONG_LIVED = [
  'reservationExpiry',
  'reservationSweep',
  'backInStock',
  'reconciliation',
  'searchIndex',
  'searchRebuild',
];

const ORDERS_AT_ONCE = 50;

/** Temporal's list of the flows of one task queue. */
export function createFlowBook({
  client,
  taskQueue,
}: {
  readonly client: Client;
  readonly taskQueue: string;
}): FlowBook {
  const ours = `TaskQueue = '${taskQueue}'`;

  /** Whether a later run of the same id works, or did. */
  async function followed({ workflowId, runId }: WorkflowExecutionInfo): Promise<boolean> {
    const latest = await client.workflow.getHandle(workflowId).describe();
    return (
      latest.runId !== runId && ['RUNNING', 'COMPLETED', 'CONTINUED_AS_NEW', 'PAUSED'].includes(latest.status.name)
    );
  }

  return {
    async badEnds() {
      const found: BadEnd[] = [];
      const query = `${ours} AND ExecutionStatus IN ('Failed', 'Terminated', 'TimedOut')`;
      for await (const flow of client.workflow.list({ query })) {
        const about = NOTHING_TO_UNDO.has(flow.type) ? { about: 'nothing' as const, id: '' } : aboutOf(flow.workflowId);
        if (about.about === 'nothing' || !(await followed(flow)))
          found.push({ workflowId: flow.workflowId, status: flow.status.name.toLowerCase(), ...about });
      }
      return found;
    },

    async atWork() {
      const others = LONG_LIVED.map((type) => ` AND WorkflowType != '${type}'`).join('');
      return (await client.workflow.count(`${ours} AND ExecutionStatus = 'Running'${others}`)).count;
    },

    async withoutFlow(orderIds) {
      const working = new Set<unknown>();
      for (let from = 0; from < orderIds.length; from += ORDERS_AT_ONCE) {
        const some = orderIds.slice(from, from + ORDERS_AT_ONCE).map((id) => `'${id}'`);
        const query = `${ours} AND ExecutionStatus = 'Running' AND ${ORDER_ID.name} IN (${some.join(', ')})`;
        for await (const flow of client.workflow.list({ query })) working.add(flow.typedSearchAttributes.get(ORDER_ID));
      }
      return orderIds.filter((id) => !working.has(id));
    },
  };
}

function aboutOf(workflowId: string): Pick<BadEnd, 'about' | 'id'> {
  for (const [about, idOf] of ABOUT) {
    const start = idOf('');
    if (workflowId.startsWith(start)) return { about, id: workflowId.slice(start.length) };
  }
  return { about: 'other', id: workflowId };
}
