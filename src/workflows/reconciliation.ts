import { workflowInfo } from '@temporalio/workflow';
import type { ReconciliationActivities } from '../activities/reconciliation.js';
import { AREAS, type Area } from '../domain/reconciliation/types.js';
import type { ReconciliationRepairInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<ReconciliationActivities> = { startToCloseTimeout: '10s' };
const provider: Risk<ReconciliationActivities> = { startToCloseTimeout: '40s' };
/** Page by page through everything. */
const everything: Risk<ReconciliationActivities> = {
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: '60s',
  patience: '10 minutes',
};

const LOOKING: Readonly<Record<Area, { readonly name: string; readonly helps: string }>> = {
  stock: { name: 'Compare stock with its rows', helps: 'Look at PostgreSQL.' },
  money: { name: 'Compare the payment provider with the ledger', helps: 'Look at the payment provider.' },
  events: { name: 'Look for payment events that nobody handled', helps: 'Look at PostgreSQL and Temporal.' },
  search: { name: 'Compare the search index with the products', helps: 'Look at Elasticsearch.' },
};

/** Lays the books beside each other, all areas at once, so that one whose other side is away holds up no other. */
export async function reconciliation(): Promise<Readonly<Record<string, number>>> {
  const { runId } = workflowInfo();
  const parking = createParking();
  parking.describe('Comparing stock, money, payment events and the search index with what they should be.');
  await Promise.all(
    AREAS.map((area) => parking.step(everything, LOOKING[area], (run) => run.reconcileArea({ runId, area }))),
  );
  const ended = await parking.local(database, { name: 'End the report' }, (run) => run.endReconciliation({ runId }));
  const counts = Object.entries(ended).map(([state, count]) => `${count} ${state.replace('_', ' ')}`);
  parking.describe(
    `Report ${runId}: ${counts.length === 0 ? 'the books agree' : counts.sort().join(', ')}. ` +
      '`GET /admin/reconciliations/{id}` shows it.',
  );
  return ended;
}

/** Mends a difference that a person approved. */
export async function reconciliationRepair({ differenceId }: ReconciliationRepairInput): Promise<string> {
  const parking = createParking();
  parking.describe(`Difference ${differenceId}: mending it, as approved.`);
  const state = await parking.step(
    provider,
    {
      name: 'Mend the difference',
      helps:
        'Look at the payment in the provider’s dashboard. Money goes back at most once, however often this is tried.',
    },
    (run) => run.mendDifference({ differenceId }),
  );
  parking.describe(`Difference ${differenceId}: ${state.replace('_', ' ')}.`);
  return state;
}
