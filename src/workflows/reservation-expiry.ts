import {
  condition,
  defineSignal,
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
import { checkout } from './checkout.js';
import { checkoutRecoveryWorkflowId, type ReservationExpiryInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<HoldActivities> = { startToCloseTimeout: '10s' };
const checkouts: Risk<CheckoutActivities> = { startToCloseTimeout: '10s' };
const flows: Risk<FlowActivities> = { startToCloseTimeout: '20s' };
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
    if (!hold.live) return 'ended';
    const untilWarning = hold.remainingMs - hold.warningMs;
    if (untilWarning > 0) {
      parking.describe(`Hold ${holdId}: the stock is held. Next: warn the customer before the end.`);
      if (await condition(() => changed, untilWarning)) continue;
    }
    await warn();
    parking.describe(`Hold ${holdId}: its end is near. Next: give the stock back, unless it is extended or bought.`);
    const left = untilWarning > 0 ? hold.warningMs : hold.remainingMs;
    if (left > 0 && (await condition(() => changed, left))) continue;
    if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId })))
      return 'expired';
  }

  async function warn(): Promise<void> {
    const due = await parking.local(database, { name: 'Note the warning' }, (run) => run.markHoldWarned({ holdId }));
    if (due) await parking.step(mail, { name: 'Warn the customer' }, (run) => run.sendHoldWarning({ holdId }));
  }
}

const GRACE_MS = 15_000;
const BATCH = 200;

/**
 * What flows left behind, on a Schedule: overdue holds are released; checkouts and pending orders whose flow
 * is gone get a recovery flow.
 */
export async function reservationSweep(): Promise<{ holds: number; checkouts: number }> {
  const parking = createParking();
  parking.describe('Looking for holds and checkouts whose flow is gone.');
  const batch = { graceMs: GRACE_MS, limit: BATCH };
  const overdue = await parking.local(database, { name: 'Find overdue holds' }, (run) => run.findOverdueHolds(batch));
  let holds = 0;
  for (const holdId of overdue)
    if (await parking.local(database, { name: 'Give the held stock back' }, (run) => run.expireHold({ holdId }))) holds += 1;

  const candidates = await parking.local(checkouts, { name: 'Find overdue checkouts' }, (run) =>
    run.findOverdueCheckouts(batch),
  );
  const gone =
    candidates.length === 0
      ? []
      : await parking.step(flows, { name: 'Ask which have no flow' }, (run) => run.withoutFlow({ checkoutIds: candidates }));
  for (const checkoutId of gone) await recover(checkoutId);
  await parking.local(flows, { name: 'Forget old idempotency keys' }, (run) => run.forgetIdempotencyKeys());
  return { holds, checkouts: gone.length };
}

async function recover(checkoutId: string): Promise<void> {
  try {
    await startChild(checkout, {
      workflowId: checkoutRecoveryWorkflowId(checkoutId),
      args: [{ checkoutId, recover: true }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      // A recovery that an operator ended may be started anew.
      workflowIdReusePolicy: WorkflowIdReusePolicy.ALLOW_DUPLICATE,
      staticSummary: `Recover checkout ${checkoutId}`,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
