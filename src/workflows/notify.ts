import { defineSignal, setHandler } from '@temporalio/workflow';
import type { NotificationActivities } from '../activities/notifications.js';
import type { PendingMessage } from '../domain/notifications/types.js';
import { MORE_TO_TELL, type NotifyInput } from './contracts.js';
import { createParking, type Risk } from './parking.js';

const database: Risk<NotificationActivities> = { startToCloseTimeout: '10s' };
const delivery: Risk<NotificationActivities> = { startToCloseTimeout: '20s' };

/** Another event of this order waits to be told. */
export const moreToTell = defineSignal(MORE_TO_TELL);

/** Tells a customer all that is still to be told about an order, however long mail or SMS are out of order. */
export async function notify({ orderId }: NotifyInput): Promise<{ readonly told: number }> {
  let more = false;
  setHandler(moreToTell, () => {
    more = true;
  });
  const parking = createParking();
  let told = 0;
  for (;;) {
    more = false;
    parking.describe(`Order ${orderId}: looking for messages that wait.`);
    const pending = await parking.local(database, { name: 'Find what is to be told' }, (run) =>
      run.findPendingMessages({ orderId }),
    );
    if (pending.length === 0) {
      if (more) continue;
      parking.describe(`Order ${orderId}: nothing is left to tell; ${told} messages went out.`);
      return { told };
    }
    parking.describe(`Order ${orderId}: telling the customer (${pending.map(inWords).join(', ')}).`);
    const endings = await Promise.all(pending.map(send));
    told += endings.filter((ending) => ending === 'sent').length;
  }

  function send({ notificationId, event, channel }: PendingMessage) {
    const step = {
      name: `Tell the customer: ${inWords({ event, channel })}`,
      helps: `Look at the ${channel === 'email' ? 'mail server' : 'SMS provider'}.`,
    };
    return parking.step(delivery, step, (run) =>
      channel === 'email'
        ? run.sendOrderEmail({ orderId, event, notificationId })
        : run.sendOrderText({ orderId, event, notificationId }),
    );
  }
}

const inWords = ({ event, channel }: Pick<PendingMessage, 'event' | 'channel'>): string =>
  `${event.replace('_', ' ')} by ${channel}`;
