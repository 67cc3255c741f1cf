import { condition } from '@temporalio/workflow';
import type { GivenBack, RefundActivities } from '../activities/refunds.js';
import type { Parking, Risk } from './parking.js';

const provider: Risk<RefundActivities> = { startToCloseTimeout: '40s' };

/** How long a bank that takes its time is left alone before the provider is asked, should its event be lost; doubles up to a day. */
const ASK_AGAIN_MS = 60_000;
const ASK_AGAIN_MAX_MS = 24 * 60 * 60_000;

/** Gives a refund's money back and waits for the bank where it takes days; ends when the refund has. */
export async function giveBack(parking: Parking, refundId: string, heard: Heard): Promise<GivenBack> {
  let pause = ASK_AGAIN_MS;
  for (;;) {
    heard.now = false;
    const given = await parking.step(
      provider,
      {
        name: 'Give the money back',
        helps:
          'Look at the payment in the provider’s dashboard. The refund is made at most once, however often it is tried.',
        certain: true,
      },
      (run) => run.giveBack({ refundId }),
    );
    if (given.status !== 'pending' && given.status !== 'requested') return given;
    parking.describe(`Refund ${refundId}: the provider took it; waiting for the bank.`);
    await condition(() => heard.now, pause);
    pause = Math.min(pause * 2, ASK_AGAIN_MAX_MS);
  }
}

/** Set once the provider said something of a refund. */
export interface Heard {
  now: boolean;
}
