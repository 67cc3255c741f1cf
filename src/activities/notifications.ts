import { readContact } from '../domain/checkout/index.js';
import { readHold } from '../domain/holds/index.js';
import type { Cipher } from '../domain/kernel/cipher.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import {
  findPendingMessages,
  findUntoldOrders,
  holdExpiring,
  holdWarningMail,
  orderMail,
  orderText,
  queueHoldWarning,
  returnedMail,
  returnedText,
  type Channel,
  type DeliveryStatus,
  type Mailer,
  type Notice,
  type OrderNotification,
  type PendingMessage,
  type TextMessenger,
} from '../domain/notifications/index.js';
import { readOrder } from '../domain/orders/index.js';
import { readAccount } from '../domain/users/index.js';
import { createDelivery } from './delivery.js';

export interface NotificationActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly mailer: Mailer;
  readonly messenger: TextMessenger;
  /** How long an attempt owns a message that it does not renew; for tests. */
  readonly claimMs?: number;
}

export interface OrderNotice {
  readonly orderId: string;
  readonly event: OrderNotification;
  /** What the event is about, where an order may meet it more than once. */
  readonly about?: string;
  /** One message of them, as `findPendingMessages` names it: one that staff send again is known by it alone. */
  readonly notificationId?: string;
}

/**
 * Each tells one thing on one channel, at most once: the same whichever flow or attempt calls it. What can repeat a message,
 * with the same Message-ID or client reference, is in `createDelivery`.
 */
export function createNotificationActivities(deps: NotificationActivityDeps) {
  const { transact, query, cipher, mailer, messenger } = deps;
  const deliver = createDelivery(deps);

  /** Whose checkout it was; there may be no order. */
  const contactOf = ({ orderId }: OrderNotice) => query((em) => readContact(em, cipher, orderId));

  /** Reads the order when the first channel needs it, once for both. */
  function orderOf({ orderId }: OrderNotice): () => ReturnType<typeof readOrder> {
    let order: ReturnType<typeof readOrder> | undefined;
    return () => (order ??= query((em) => readOrder(em, cipher, orderId)));
  }

  const sendOrderEmail = (notice: OrderNotice, read = orderOf(notice)): Promise<DeliveryStatus> =>
    deliver(rowOf(notice, 'email'), async ({ notificationId, details }) => {
      const { event } = notice;
      const { contact, ...said } =
        event === 'payment_returned'
          ? { contact: await contactOf(notice), ...returnedMail(details) }
          : await read().then((order) => ({ contact: order.contact, ...orderMail(event, order, details) }));
      const mail = { messageId: `${notificationId}@perdure`, to: contact.email, ...said };
      return () => mailer.send(mail);
    });

  const sendOrderText = (notice: OrderNotice, read = orderOf(notice)): Promise<DeliveryStatus> =>
    deliver(rowOf(notice, 'sms'), async ({ notificationId, details }) => {
      const { event } = notice;
      const { contact, ...said } =
        event === 'payment_returned'
          ? { contact: await contactOf(notice), ...returnedText(details) }
          : await read().then((order) => ({ contact: order.contact, ...orderText(event, order, details) }));
      if (contact.phone === null) return null;
      const text = { reference: notificationId, to: contact.phone, ...said };
      return () => messenger.send(text);
    });

  const send = { email: sendOrderEmail, sms: sendOrderText } as const;

  return {
    sendOrderEmail: (notice: OrderNotice): Promise<DeliveryStatus> => sendOrderEmail(notice),
    sendOrderText: (notice: OrderNotice): Promise<DeliveryStatus> => sendOrderText(notice),

    /** Both channels side by side; a repeat tells on those only that failed. More than one payment may have gone back. */
    async tellCustomer(notice: OrderNotice): Promise<void> {
      const read = orderOf(notice);
      const endings = await Promise.allSettled(
        notice.event === 'payment_returned'
          ? (await query((em) => findPendingMessages(em, notice.orderId)))
              .filter(({ event }) => event === notice.event)
              .map(({ channel, notificationId }) => send[channel]({ ...notice, notificationId }, read))
          : [sendOrderEmail(notice, read), sendOrderText(notice, read)],
      );
      for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
    },

    /** Skipped for guests, and once the hold is over. */
    async sendHoldWarning({ holdId }: { readonly holdId: string }): Promise<DeliveryStatus> {
      const event = holdExpiring(await query((em) => readHold(em, holdId)));
      await transact((em) => queueHoldWarning(em, holdId, event));
      return deliver({ subjectId: holdId, event, channel: 'email' }, async ({ notificationId }) => {
        const hold = await query((em) => readHold(em, holdId));
        const { userId } = hold;
        if (userId === null || hold.state !== 'live' || hold.remainingMs <= 0) return null;
        const account = await query((em) => readAccount(em, cipher, userId));
        if (account === null) return null;
        const mail = { messageId: `${notificationId}@perdure`, to: account.email, ...holdWarningMail(hold) };
        return () => mailer.send(mail);
      });
    },

    findPendingMessages: ({ orderId }: { readonly orderId: string }): Promise<PendingMessage[]> =>
      query((em) => findPendingMessages(em, orderId)),

    /** For the sweep. */
    findUntoldOrders: (page: { readonly limit: number; readonly after: string | null }): Promise<string[]> =>
      query((em) => findUntoldOrders(em, page)),
  };
}

const rowOf = ({ orderId, event, about, notificationId }: OrderNotice, channel: Channel): Notice =>
  notificationId === undefined ? { subjectId: orderId, event, channel, about } : { notificationId, channel };

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;
