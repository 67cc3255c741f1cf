import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';

/** Says where a flow ran and not what it did. */
const PLACES: Readonly<Record<string, unknown>> = {
  identity: 'worker',
  stackTrace: '',
  binaryChecksum: undefined,
  taskQueue: { name: 'perdure' },
};

function placeless(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(placeless);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key in PLACES ? PLACES[key] : placeless(member)]),
  );
}

/** A flow's history as it is kept for replays: as Temporal's own JSON, without the names of machines and queues. */
export const savedHistory = async (handle: WorkflowHandle): Promise<string> =>
  `${JSON.stringify(placeless(JSON.parse(historyToJSON(await handle.fetchHistory()))), null, 1)}\n`;
