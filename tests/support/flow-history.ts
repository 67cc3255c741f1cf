import type { Client, WorkflowExecutionInfo, WorkflowHandle } from '@temporalio/client';
import { until } from './until.js';

/** Payloads as text, so that nothing hides in base64. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readable(member)]));
}

export const historyText = async (handle: WorkflowHandle): Promise<string> =>
  JSON.stringify(readable(await handle.fetchHistory()));

/** The kinds of events, in order, such as `workflowTaskCompleted`. */
export async function eventsOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) =>
    Object.keys(event)
      .filter((key) => key.endsWith('EventAttributes') && event[key as keyof typeof event] != null)
      .map((key) => key.replace('EventAttributes', '')),
  );
}

/** The remote activities, in the order in which they were scheduled. */
export async function stepsOf(handle: WorkflowHandle): Promise<string[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap((event) => event.activityTaskScheduledEventAttributes?.activityType?.name ?? []);
}

export async function detailsOf(handle: WorkflowHandle): Promise<string> {
  return (await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata')).currentDetails ?? '';
}

/**
 * Search attributes and history of each flow of a queue, by name, once flows of all these types and those of these ids are
 * listed, which follows after a while, and all of these types are at their ends.
 */
export async function textsOfFlows(
  client: Client,
  taskQueue: string,
  types: readonly string[],
  ids: readonly string[],
): Promise<Map<string, string>> {
  const flows = await until(
    'all flows in the listing and at their ends',
    async () => {
      const found: WorkflowExecutionInfo[] = [];
      for await (const flow of client.workflow.list({ query: `TaskQueue = '${taskQueue}'` })) found.push(flow);
      return found;
    },
    (found) =>
      types.every((type) => found.some((flow) => flow.type === type)) &&
      ids.every((id) => found.some((flow) => flow.workflowId === id)) &&
      !found.some(({ type, status }) => types.includes(type) && status.name === 'RUNNING'),
  );
  const texts = new Map<string, string>();
  for (const flow of flows) {
    texts.set(`${flow.workflowId} attributes`, JSON.stringify(flow.searchAttributes));
    texts.set(flow.workflowId, await historyText(client.workflow.getHandle(flow.workflowId, flow.runId)));
  }
  return texts;
}
