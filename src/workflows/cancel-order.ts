import { CancellationScope, setHandler } from '@temporalio/workflow';
import type { RefundActivities } from '../activities/refunds.js';
import type { CancelOrderInput } from './contracts.js';
import { giveBack, type Heard } from './give-back.js';
import { createParking, type Risk } from './parking.js';
import { refundHeard } from './refund.js';
import { tell } from './tell.js';

const database: Risk<RefundActivities> = { startToCloseTimeout: '10s' };

/**
 * Cancels an order whose goods have not left: the goods go back on the shelf, the customer is told, and all that was taken
 * and is not given back is refunded. Asked for is asked for: a payment that is being taken is waited for, a refund that the
 * provider refuses is asked anew, and a cancellation of the flow stops none of it.
 */
export async function cancelOrder({ orderId }: CancelOrderInput): Promise<{ readonly refunds: number }> {
  const heard: Heard = { now: false };
  setHandler(refundHeard, () => {
    heard.now = true;
  });
  const parking = createParking();
  return CancellationScope.nonCancellable(async () => {
    parking.describe(
      `Order ${orderId}: cancelling it once its payment is settled. Next: tell the customer, give the money back.`,
    );
    await parking.local(
      database,
      {
        name: 'Cancel the order',
        helps: 'It waits for the order’s checkout to take or void the payment: look at that flow (same `OrderId`).',
        certain: true,
      },
      (run) => run.carryOutCancellation({ orderId }),
    );
    await tell(orderId, 'order_cancelled');
    for (let refunds = 0; ; refunds += 1) {
      parking.describe(`Order ${orderId}: cancelled. Next: give back what is owed to its customer.`);
      const refundId = await parking.local(
        database,
        {
          name: 'Claim what is owed',
          helps:
            'After a refund that was refused or failed the provider is asked anew in 5, 10, 20 … minutes; a refund made in its dashboard settles it too.',
          certain: true,
        },
        (run) => run.claimOwed({ orderId }),
      );
      if (refundId === null) {
        parking.describe(`Order ${orderId}: cancelled, nothing is owed.`);
        return { refunds };
      }
      parking.describe(`Order ${orderId}: cancelled. Giving the money back (refund ${refundId}).`);
      await giveBack(parking, refundId, heard);
    }
  });
}
