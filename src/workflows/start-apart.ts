import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { CUSTOMER_ID, ORDER_ID } from './attributes.js';
import type { FlowAttributes, FlowInputs, FlowName } from './contracts.js';
import { textsOf } from './texts.js';

/** Starts a flow that outlives the one that asks. @returns false when it runs already: it is left alone */
export async function startApart<F extends FlowName>(
  flow: F,
  workflowId: string,
  input: FlowInputs[F],
  { orderId, customerId }: FlowAttributes = {},
): Promise<boolean> {
  try {
    await startChild(flow, {
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // One that an operator ended may be started anew.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      workflowId,
      args: [input],
      typedSearchAttributes: [
        ...(orderId === undefined ? [] : [{ key: ORDER_ID, value: orderId }]),
        ...(customerId == null ? [] : [{ key: CUSTOMER_ID, value: customerId }]),
      ],
      ...textsOf(flow, workflowId),
    });
    return true;
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return false;
  }
}
