import { sweepIdempotencyKeys } from '../domain/idempotency/index.js';
import type { Transact } from '../domain/kernel/transact.js';
import type { Flows } from '../workflows/contracts.js';

export interface FlowActivityDeps {
  readonly flows: Flows;
  readonly transact: Transact;
}

/** What the sweep asks of other flows, and what it throws away. */
export function createFlowActivities({ flows, transact }: FlowActivityDeps) {
  return {
    /** Local. Keys are kept for 24 hours. */
    forgetIdempotencyKeys: (): Promise<number> => transact((em) => sweepIdempotencyKeys(em)),

    /** Those of the flows that do not run, or never did. */
    withoutFlow: async ({ workflowIds }: { readonly workflowIds: readonly string[] }): Promise<string[]> => {
      const states = await Promise.all(workflowIds.map((id) => flows.state(id)));
      return workflowIds.filter((_, index) => states[index] !== 'running');
    },
  };
}

export type FlowActivities = ReturnType<typeof createFlowActivities>;
