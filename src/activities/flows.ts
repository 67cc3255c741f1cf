import { checkoutWorkflowId, type Flows } from '../workflows/contracts.js';

/** What a flow asks of other flows. */
export function createFlowActivities({ flows }: { readonly flows: Flows }) {
  return {
    /** Those of the checkouts that no flow works on any more. */
    withoutFlow: async ({ checkoutIds }: { readonly checkoutIds: readonly string[] }): Promise<string[]> => {
      const states = await Promise.all(checkoutIds.map((id) => flows.state(checkoutWorkflowId(id))));
      return checkoutIds.filter((_, index) => states[index] !== 'running');
    },
  };
}

export type FlowActivities = ReturnType<typeof createFlowActivities>;
