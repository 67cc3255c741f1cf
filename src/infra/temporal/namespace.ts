import type { Client, ScheduleOptions } from '@temporalio/client';
import { isGrpcServiceError, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { SearchAttributeType, type Duration } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../workflows/attributes.js';
import { textsOf } from '../../workflows/texts.js';

/** ALREADY_EXISTS; PERMISSION_DENIED and UNIMPLEMENTED where somebody else registers them, as on Temporal Cloud. */
const LEAVE_IT: ReadonlySet<number> = new Set([6, 7, 12]);
/** Numbers of temporal.api.enums.v1.IndexedValueType. */
const INDEXED_VALUE_TYPE = { [SearchAttributeType.KEYWORD]: 2, [SearchAttributeType.BOOL]: 5 } as const;

/** Registers the search attributes where they are missing. */
export async function ensureSearchAttributes(client: Client, namespace: string): Promise<void> {
  for (const { name, type } of SEARCH_ATTRIBUTES) {
    await client.connection.operatorService
      .addSearchAttributes({ namespace, searchAttributes: { [name]: INDEXED_VALUE_TYPE[type] } })
      .catch((error: unknown) => {
        if (!(isGrpcServiceError(error) && LEAVE_IT.has(Number(error.code)))) throw error;
      });
  }
}

/** What runs by the clock, never two of one at once; each task queue has its own. */
const schedules = (taskQueue: string) => [
  scheduled(`reservation-sweep-${taskQueue}`, '30s', {
    workflowType: 'reservationSweep',
    taskQueue,
    args: [],
    ...textsOf('reservationSweep'),
  }),
  // finds that the search index was lost, and has it filled again
  scheduled(`search-check-${taskQueue}`, '5 minutes', {
    workflowType: 'searchIndex',
    taskQueue,
    args: [{ productIds: [] }],
    ...textsOf('searchIndex', 'is there an index?'),
  }),
  scheduled(`reconciliation-${taskQueue}`, '1 hour', {
    workflowType: 'reconciliation',
    taskQueue,
    args: [],
    ...textsOf('reconciliation'),
  }),
];

const scheduled = (
  scheduleId: string,
  every: Duration,
  flow: {
    readonly workflowType: string;
    readonly taskQueue: string;
    readonly args: unknown[];
    readonly staticSummary: string;
    readonly staticDetails: string;
  },
) =>
  ({
    scheduleId,
    spec: { intervals: [{ every }] },
    action: { type: 'startWorkflow', workflowId: scheduleId, ...flow },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
  }) satisfies ScheduleOptions;

/** Creates or brings up to date what runs by the clock. */
export async function ensureSchedules(client: Client, taskQueue: string): Promise<void> {
  for (const { scheduleId, ...wanted } of schedules(taskQueue)) {
    try {
      await client.schedule.create({ scheduleId, ...wanted });
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      await client.schedule.getHandle(scheduleId).update((present) => ({ ...wanted, state: present.state }));
    }
  }
}

/** Has everything that runs by the clock run now, as soon as there is a worker. */
export async function triggerSchedules(client: Client, taskQueue: string): Promise<void> {
  for (const { scheduleId } of schedules(taskQueue)) await client.schedule.getHandle(scheduleId).trigger();
}
