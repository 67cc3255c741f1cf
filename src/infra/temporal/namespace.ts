import type { Client, ScheduleOptions } from '@temporalio/client';
import { isGrpcServiceError, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { SearchAttributeType } from '@temporalio/common';
import { SEARCH_ATTRIBUTES } from '../../workflows/attributes.js';

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

const sweep = (taskQueue: string) =>
  ({
    spec: { intervals: [{ every: '30s' }] },
    action: { type: 'startWorkflow', workflowType: 'reservationSweep', workflowId: 'reservation-sweep', taskQueue, args: [] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: '1m' },
  }) satisfies Omit<ScheduleOptions, 'scheduleId'>;

/** Creates or brings up to date what runs by the clock: the reservation sweep, every 30 s, never two at once. */
export async function ensureSchedules(client: Client, taskQueue: string): Promise<void> {
  const scheduleId = 'reservation-sweep';
  const wanted = sweep(taskQueue);
  try {
    await client.schedule.create({ scheduleId, ...wanted });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(scheduleId).update((present) => ({ ...wanted, state: present.state }));
  }
}
