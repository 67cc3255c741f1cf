import { MockActivityEnvironment } from '@temporalio/testing';
import {
  createReconciliationActivities,
  type ReconciliationActivityDeps,
} from '../../src/activities/reconciliation.js';
import { newId } from '../../src/domain/kernel/ids.js';
import {
  decideDifference,
  listDifferences,
  type Area,
  type Difference,
} from '../../src/domain/reconciliation/index.js';

/** Nobody outside. */
export const NOBODY = {
  gateways: new Map(),
  statements: [],
  flows: { start: async () => undefined, state: async () => 'absent' },
  index: null,
} as const satisfies Omit<ReconciliationActivityDeps, 'transact' | 'query'>;

/** Reconciliation as its flow runs it, for what is about one id: tests share a shop. */
export function createReconciler(deps: ReconciliationActivityDeps) {
  const { transact, query } = deps;
  const activities = createReconciliationActivities(deps);

  const about = async (subject: string): Promise<Difference[]> => {
    const { data } = await query((em) => listDifferences(em, { limit: 1_000, runId: null, state: null }));
    return data.filter((each) => Object.values(each.subject).includes(subject));
  };

  return {
    activities,
    about,

    /** A run of one area; answers its id. */
    async run(area: Area): Promise<string> {
      const runId = newId();
      const { reconcileArea } = activities;
      await new MockActivityEnvironment().run<[{ runId: string; area: Area }], void, typeof reconcileArea>(
        reconcileArea,
        { runId, area },
      );
      return runId;
    },

    /** A person decides by what is shown now. */
    decide: (difference: Difference, decision: 'approved' | 'rejected', userId: string) =>
      transact((em) =>
        decideDifference(em, { differenceId: difference.id, decision, shown: difference, userId, requestId: 'r' }),
      ),

    /** The flow that an approval starts. */
    mend: ({ id }: Difference) => activities.mendDifference({ differenceId: id }),
  };
}
