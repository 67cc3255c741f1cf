import { ParentClosePolicy, startChild, WorkflowIdReusePolicy } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { FlowActivities } from '../activities/flows.js';
import type { StockActivities } from '../activities/stock.js';
import { backInStock } from './back-in-stock.js';
import { backInStockWorkflowId } from './contracts.js';
import type { Parking, Risk } from './parking.js';
import { textsOf } from './texts.js';

const database: Risk<StockActivities> = { startToCloseTimeout: '10s' };
const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };
const BATCH = 200;

/** Ends notices that are too old, and has those told who wait for what is there and whose flow is gone. */
export async function sweepNotices(parking: Parking): Promise<void> {
  await parking.local(database, { name: 'End old stock notices' }, (run) => run.expireNotices());
  for (let after: string | null = null; ;) {
    const page: { limit: number; after: string | null } = { limit: BATCH, after };
    const variantIds: readonly string[] = await parking.local(
      database,
      { name: 'Find what is there and waited for' },
      (run) => run.findWaitedFor(page),
    );
    if (variantIds.length === 0) return;
    const workflowIds = variantIds.map(backInStockWorkflowId);
    const idle = new Set(
      await parking.step(flows, { name: 'Ask which have no flow' }, (run) => run.withoutFlow({ workflowIds })),
    );
    for (const variantId of variantIds) if (idle.has(backInStockWorkflowId(variantId))) await start(variantId);
    if (variantIds.length < BATCH) return;
    after = variantIds.at(-1) ?? null;
  }
}

async function start(variantId: string): Promise<void> {
  const workflowId = backInStockWorkflowId(variantId);
  try {
    await startChild(backInStock, {
      workflowId,
      args: [{ variantId }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // One that an operator ended may be started anew.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      ...textsOf('backInStock', workflowId),
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
