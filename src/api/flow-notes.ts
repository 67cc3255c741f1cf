import { AsyncLocalStorage } from 'node:async_hooks';
import type { Middleware } from 'koa';
import { checkoutWorkflowId, type Flows } from '../workflows/contracts.js';

/** The same flows, and a middleware: together they note in a request's state which flow it reached, for its log line. */
export function createFlowNotes(flows: Flows): { readonly flows: Flows; readonly noteFlow: Middleware } {
  const requests = new AsyncLocalStorage<Record<string, unknown>>();
  const note = (workflowId: string): void => {
    const state = requests.getStore();
    if (state !== undefined) state['workflowId'] = workflowId;
  };
  return {
    noteFlow: (ctx, next) => requests.run(ctx.state, next),
    flows: {
      ...flows,
      start(flow, workflowId, ...rest) {
        note(workflowId);
        return flows.start(flow, workflowId, ...rest);
      },
      checkoutOutcome(checkoutId, ...rest) {
        note(checkoutWorkflowId(checkoutId));
        return flows.checkoutOutcome(checkoutId, ...rest);
      },
      signal(workflowId, ...rest) {
        note(workflowId);
        return flows.signal(workflowId, ...rest);
      },
      update(workflowId, ...rest) {
        note(workflowId);
        return flows.update(workflowId, ...rest);
      },
    },
  };
}
