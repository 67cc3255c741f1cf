import {
  CancellationScope,
  condition,
  defineSignal,
  isCancellation,
  ParentClosePolicy,
  setHandler,
  startChild,
  WorkflowIdReusePolicy,
} from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { CheckoutActivities } from '../activities/checkout.js';
import type { FlowActivities } from '../activities/flows.js';
import type { HoldActivities } from '../activities/holds.js';
import type { NotificationActivities } from '../activities/notifications.js';
import type { Orphan } from '../domain/checkout/types.js';
import { CUSTOMER_ID, ORDER_ID } from './attributes.js';
import { checkout } from './checkout.js';
import {
  checkoutRecoveryWorkflowId,
  checkoutWorkflowId,
  notifyWorkflowId,
  type ReservationExpiryInput,
} from './contracts.js';
import { notify } from './notify.js';
import { createParking, refusalCode, type Risk } from './parking.js';

const database: Risk<HoldActivities> = { startToCloseTimeout: '10s' };
const checkouts: Risk<CheckoutActivities> = { startToCloseTimeout: '10s' };
const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };
const messages: Risk<NotificationActivities> = { startToCloseTimeout: '10s' };
const mail: Risk<NotificationActivities> = { startToCloseTimeout: '30s' };

/** The hold was extended, released or handed over: look at it again. */
export const holdChanged = defineSignal('holdChanged');

/**
 * Ends a cart's hold when its time is up, by the database's clock: warns a minute before, follows an
 * extension, and ends at once when the hold was released or handed to a checkout.
 */
export async function reservationExpiry({ holdId }: ReservationExpiryInput): Promise<'expired' | 'ended'> {
  let changed = false;
  setHandler(holdChanged, () => {
    changed = true;
  });
  const parking = createParking();
  for (;;) {
    changed = false;
    const hold = await parking.local(database, { name: 'Read the hold' }, (run) => run.readHold({ holdId }));
    if (hold.state !== 'live') return hold.state === 'expired' ? 'expired' : 'ended';
    const endsAt = Date.now() + hold.remainingMs;
    const untilWarning = hold.remainingMs - hold.warningMs;
    if (untilWarning > 0) {
      parking.describe(`Hold ${holdId}: the stock is held. Next: warn the customer before the end.`);
      if (await condition(() => changed, untilWarning)) continue;
    }
    parking.describe(`Hold ${holdId}: its end is near. Next: give the stock back, unless it is extended or bought.`);
    // Beside the waiting: a dead mail server holds no stock.
    const warning = new CancellationScope();
    const warned = warning.run(warn).catch(unlessNotGiven);
    const left = endsAt - Date.now();
    const looksAgain = left > 0 && (await condition(() => changed, left));
    warning.cancel();
    await warned;
    if (looksAgain) continue;
    if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId })))
      return 'expired';
  }

  async function warn(): Promise<void> {
    const due = await parking.local(database, { name: 'Note the warning' }, (run) => run.markHoldWarned({ holdId }));
    if (due) await parking.step(mail, { name: 'Warn the customer' }, (run) => run.sendHoldWarning({ holdId }));
  }
}

/** A warning that was cut short, or is refused, ends no hold. */
function unlessNotGiven(error: unknown): void {
  if (!isCancellation(error) && refusalCode(error) === undefined) throw error;
}

const GRACE_MS = 15_000;
const BATCH = 200;

/**
 * What flows left behind, on a Schedule: overdue holds are released; checkouts and pending orders whose flow
 * is gone get a recovery flow, and customers whom no flow tells any more get one that does.
 */
export async function reservationSweep(): Promise<{ holds: number; checkouts: number; untold: number }> {
  const parking = createParking();
  parking.describe('Looking for holds, checkouts and messages whose flow is gone.');
  const batch = { graceMs: GRACE_MS, limit: BATCH };
  const overdue = await parking.local(database, { name: 'Find overdue holds' }, (run) => run.findOverdueHolds(batch));
  let holds = 0;
  for (const holdId of overdue)
    if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId })))
      holds += 1;

  const gone = await withoutFlow(
    (after) =>
      parking.local(checkouts, { name: 'Find overdue checkouts' }, (run) =>
        run.findOverdueCheckouts({ ...batch, after }),
      ),
    ({ checkoutId }) => checkoutId,
    ({ checkoutId }) => checkoutWorkflowId(checkoutId),
  );
  for (const orphan of gone) await recover(orphan);
  const untold = await withoutFlow(
    (after) =>
      parking.local(messages, { name: 'Find untold orders' }, (run) => run.findUntoldOrders({ ...batch, after })),
    (orderId) => orderId,
    notifyWorkflowId,
  );
  for (const orderId of untold) await tellAgain(orderId);
  await parking.local(flows, { name: 'Forget old idempotency keys' }, (run) => run.forgetIdempotencyKeys());
  return { holds, checkouts: gone.length, untold: untold.length };

  /** Goes through all pages, so that many flows that are merely stuck hide none that is gone. */
  async function withoutFlow<T>(
    page: (after: string | null) => Promise<readonly T[]>,
    id: (each: T) => string,
    workflowId: (each: T) => string,
  ): Promise<T[]> {
    const found: T[] = [];
    for (let after: string | null = null; ;) {
      const some: readonly T[] = await page(after);
      const last = some.at(-1);
      if (last === undefined) return found;
      const workflowIds = some.map(workflowId);
      const idle = new Set(
        await parking.step(flows, { name: 'Ask which have no flow' }, (run) => run.withoutFlow({ workflowIds })),
      );
      found.push(...some.filter((each) => idle.has(workflowId(each))));
      if (some.length < BATCH) return found;
      after = id(last);
    }
  }
}

const recover = ({ checkoutId, orderId, customerId }: Orphan): Promise<void> =>
  started(() =>
    startChild(checkout, {
      ...OF_ITS_OWN,
      workflowId: checkoutRecoveryWorkflowId(checkoutId),
      args: [{ checkoutId, recover: true }],
      typedSearchAttributes: [
        { key: ORDER_ID, value: orderId },
        ...(customerId === null ? [] : [{ key: CUSTOMER_ID, value: customerId }]),
      ],
      staticSummary: `Recover checkout ${checkoutId}`,
    }),
  );

const tellAgain = (orderId: string): Promise<void> =>
  started(() =>
    startChild(notify, {
      ...OF_ITS_OWN,
      workflowId: notifyWorkflowId(orderId),
      args: [{ orderId }],
      typedSearchAttributes: [{ key: ORDER_ID, value: orderId }],
      staticSummary: `Tell the customer of order ${orderId}`,
    }),
  );

const OF_ITS_OWN = {
  parentClosePolicy: ParentClosePolicy.ABANDON,
  // One that an operator ended may be started anew.
  workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
} as const;

async function started(start: () => Promise<unknown>): Promise<void> {
  try {
    await start();
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
