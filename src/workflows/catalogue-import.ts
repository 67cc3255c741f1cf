import {
  ActivityCancellationType,
  ApplicationFailure,
  CancellationScope,
  continueAsNew,
  defineQuery,
  isCancellation,
  proxyActivities,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { CatalogueActivities } from '../activities/catalogue.js';
import type { ImportProgress } from '../domain/catalogue/types.js';
import type { CatalogueImportInput } from './contracts.js';

/** As of the last slice; null before the first one ends. */
export const importProgress = defineQuery<ImportProgress | null>('progress');

const { importCatalogue } = proxyActivities<CatalogueActivities>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: '30s',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '1s', maximumInterval: '30s' },
});
const { abandonImport } = proxyActivities<CatalogueActivities>({
  startToCloseTimeout: '10s',
  retry: { maximumInterval: '30s' },
  summary: 'Note how the import ended',
});

/** Imports a file in slices, each going on where the rows say the last one stopped. */
export async function catalogueImport({ importId }: CatalogueImportInput): Promise<ImportProgress> {
  let progress: ImportProgress | null = null;
  setHandler(importProgress, () => progress);
  const tell = (state: string): void => setCurrentDetails(`Import ${importId}: ${state}`);
  tell('starting');
  do {
    progress = await nextSlice(importId, progress);
    tell(inWords(progress));
    if (progress.status === 'running' && workflowInfo().continueAsNewSuggested)
      await continueAsNew<typeof catalogueImport>({ importId });
  } while (progress.status === 'running');
  if (progress.status === 'failed')
    throw ApplicationFailure.nonRetryable(progress.failure ?? 'failed', 'import_failed', { importId });
  return progress;
}

/** What was imported stays, however an import ends. */
async function nextSlice(importId: string, progress: ImportProgress | null): Promise<ImportProgress> {
  try {
    return await importCatalogue.executeWithOptions({ summary: `Import on: ${inWords(progress)}` }, [importId]);
  } catch (error) {
    const status = isCancellation(error) ? 'cancelled' : 'failed';
    await CancellationScope.nonCancellable(() => abandonImport(importId, status));
    setCurrentDetails(`Import ${importId}: ${status}, ${inWords(progress)}; what was imported stays`);
    throw error;
  }
}

const inWords = (progress: ImportProgress | null): string =>
  progress === null
    ? 'from the first line'
    : `${progress.status} after line ${progress.linesRead}: ${progress.created} created, ${progress.updated} updated, ` +
      `${progress.unchanged} unchanged, ${progress.refused} refused`;
