import { writeAudit } from '../domain/audit/index.js';
import { sweepUploads } from '../domain/catalogue/index.js';
import { sweepIdempotencyKeys } from '../domain/idempotency/index.js';
import { isId } from '../domain/kernel/ids.js';
import type { Transact } from '../domain/kernel/transact.js';
import type { Because, Flows } from '../workflows/contracts.js';

export interface FlowActivityDeps {
  readonly flows: Flows;
  readonly transact: Transact;
}

export interface GivenCommand extends Because {
  readonly workflowId: string;
  readonly updateId: string;
  readonly command: string;
  /** The names of the steps that it was about. */
  readonly steps: readonly string[];
}

interface Asked {
  readonly workflowIds: readonly string[];
  readonly stoppedStay?: boolean | undefined;
}

/** What the sweep asks of other flows, and what it throws away. */
export function createFlowActivities({ flows, transact }: FlowActivityDeps) {
  return {
    /** Local. Keys are kept for 24 hours, and uploads that nobody finished for one; answers how many keys went. */
    async forgetIdempotencyKeys(): Promise<number> {
      await transact((em) => sweepUploads(em));
      return transact((em) => sweepIdempotencyKeys(em));
    },

    /** Local. What an operator had a flow do, once for each update. */
    noteCommand: ({ workflowId, updateId, command, by, reason, steps }: GivenCommand): Promise<void> =>
      transact((em) =>
        writeAudit(em, {
          actor: { type: isId(by) ? 'user' : 'operator', id: by },
          action: `flow.${command}`,
          object: { type: 'flow', id: workflowId },
          data: { reason, update_id: updateId, ...(steps.length === 0 ? {} : { steps }) },
          once: 'update_id',
        }),
      ),

    /** Those of the flows that do not run, or never did; with `stoppedStay` without those that a person ended. */
    withoutFlow: async ({ workflowIds, stoppedStay = false }: Asked): Promise<string[]> => {
      const states = await Promise.all(workflowIds.map((id) => flows.state(id)));
      return workflowIds.filter((_, at) => states[at] !== 'running' && !(stoppedStay && states[at] === 'stopped'));
    },
  };
}

export type FlowActivities = ReturnType<typeof createFlowActivities>;
