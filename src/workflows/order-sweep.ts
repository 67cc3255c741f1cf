import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { FlowActivities } from '../activities/flows.js';
import type { RefundActivities } from '../activities/refunds.js';
import { CUSTOMER_ID, ORDER_ID } from './attributes.js';
import { cancelOrderWorkflowId, refundWorkflowId, type FlowInputs } from './contracts.js';
import type { Parking, Risk } from './parking.js';
import { textsOf } from './texts.js';

const orders: Risk<RefundActivities> = { startToCloseTimeout: '10s' };
const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };
const BATCH = 200;

interface Left {
  readonly id: string;
  readonly orderId: string;
  readonly customerId: string | null;
}

/** Cancellations and refunds that have no end and no flow get one. */
export async function sweepOrders(parking: Parking): Promise<void> {
  await eachWithoutFlow(
    cancelOrderWorkflowId,
    async (after) =>
      (
        await parking.local(orders, { name: 'Find open cancellations' }, (run) =>
          run.findOpenCancellations({ limit: BATCH, after }),
        )
      ).map((each) => ({ ...each, id: each.orderId })),
    (left) => started('cancelOrder', cancelOrderWorkflowId(left.id), { orderId: left.id }, left),
  );
  await eachWithoutFlow(
    refundWorkflowId,
    async (after) =>
      (
        await parking.local(orders, { name: 'Find open refunds' }, (run) =>
          run.findOpenRefunds({ limit: BATCH, after }),
        )
      ).map((each) => ({ ...each, id: each.refundId })),
    (left) => started('refund', refundWorkflowId(left.id), { refundId: left.id }, left),
  );

  /** Goes through all pages, so that many flows that are merely stuck hide none that is gone. */
  async function eachWithoutFlow(
    workflowId: (id: string) => string,
    page: (after: string | null) => Promise<readonly Left[]>,
    start: (left: Left) => Promise<void>,
  ): Promise<void> {
    for (let after: string | null = null; ;) {
      const some: readonly Left[] = await page(after);
      const last = some.at(-1);
      if (last === undefined) return;
      const workflowIds = some.map((each) => workflowId(each.id));
      const idle = new Set(
        await parking.step(flows, { name: 'Ask which have no flow' }, (run) => run.withoutFlow({ workflowIds })),
      );
      for (const left of some.filter((each) => idle.has(workflowId(each.id)))) await start(left);
      if (some.length < BATCH) return;
      after = last.id;
    }
  }
}

async function started<F extends 'cancelOrder' | 'refund'>(
  flow: F,
  workflowId: string,
  input: FlowInputs[F],
  { orderId, customerId }: Left,
): Promise<void> {
  try {
    await startChild(flow, {
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // One that an operator ended may be started anew.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowId,
      args: [input],
      typedSearchAttributes: [
        { key: ORDER_ID, value: orderId },
        ...(customerId === null ? [] : [{ key: CUSTOMER_ID, value: customerId }]),
      ],
      ...textsOf(flow, workflowId),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
