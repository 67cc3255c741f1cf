import {
  ParentClosePolicy,
  proxyActivities,
  setCurrentDetails,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { SearchActivities } from '../activities/search.js';
import { SEARCH_REBUILD_WORKFLOW_ID, type SearchIndexInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';
import { textsOf } from './texts.js';

const index: Risk<SearchActivities> = { startToCloseTimeout: '60s' };
const { rebuildIndex } = proxyActivities<SearchActivities>({
  startToCloseTimeout: '2 hours',
  heartbeatTimeout: '60s',
  retry: { initialInterval: '2s', maximumInterval: '30s' },
});

/** Brings products level in the search index. With no products it only sees to it that there is an index. */
export async function searchIndex({ productIds }: SearchIndexInput): Promise<void> {
  const parking = createParking();
  parking.describe(`Indexing ${productIds.length} products for search`);
  const outcome = await parking.step(
    index,
    {
      name: 'Index the products',
      helps: 'Look at Elasticsearch. Until it is back, searches are answered from PostgreSQL.',
    },
    (run) => run.indexProducts(productIds),
  );
  if (outcome.rebuild) await startRebuild();
  parking.describe(`Indexed ${productIds.length} products for search`);
}

/** Fills the whole index, as when it is new, lost, or of another shape. */
export async function searchRebuild(): Promise<{ readonly products: number }> {
  setCurrentDetails('Filling the search index; until it is done, searches are answered as before');
  const outcome = await rebuildIndex.executeWithOptions(
    { summary: 'Fill the search index and let searches read it' },
    [],
  );
  setCurrentDetails(`The search index holds ${outcome.products} products`);
  return outcome;
}

/** One at a time: where one runs already, it serves. */
async function startRebuild(): Promise<void> {
  try {
    await startChild(searchRebuild, {
      workflowId: SEARCH_REBUILD_WORKFLOW_ID,
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      parentClosePolicy: ParentClosePolicy.ABANDON,
      ...textsOf('searchRebuild'),
      args: [],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
