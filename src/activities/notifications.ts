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
  type DeliveryStatus,
  type Mailer,
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
}

/**
 * Each tells one thing on one channel, at most once: the same whichever flow or attempt calls it. What can repeat a message,
 * with the same Message-ID or client reference, is in `createDelivery`.
 */
export function createNotificationActivities(deps: NotificationActivityDeps) {
  const { transact, query, cipher, mailer, messenger } = deps;
  const deliver = createDelivery(deps);

  const sendOrderEmail = ({ orderId, event }: OrderNotice): Promise<DeliveryStatus> =>
    deliver({ subjectId: orderId, event, channel: 'email' }, async (messageId) => {
      const order = await query((em) => readOrder(em, cipher, orderId));
      const mail = { messageId: `${messageId}@perdure`, to: order.contact.email, ...orderMail(event, order) };
      return () => mailer.send(mail);
    });

  const sendOrderText = ({ orderId, event }: OrderNotice): Promise<DeliveryStatus> =>
    deliver({ subjectId: orderId, event, channel: 'sms' }, async (reference) => {
      const order = await query((em) => readOrder(em, cipher, orderId));
      if (order.contact.phone === null) return null;
      const text = { reference, to: order.contact.phone, ...orderText(event, order) };
      return () => messenger.send(text);
    });

  return {
    sendOrderEmail,
    sendOrderText,

    /** Both channels side by side; a repeat tells on those only that failed. */
    async tellCustomer(notice: OrderNotice): Promise<void> {
      const endings = await Promise.allSettled([sendOrderEmail(notice), sendOrderText(notice)]);
      for (const ending of endings) if (ending.status === 'rejected') throw ending.reason;
    },

    /** Skipped for guests, and once the hold is over. */
    async sendHoldWarning({ holdId }: { readonly holdId: string }): Promise<DeliveryStatus> {
      const event = holdExpiring(await query((em) => readHold(em, holdId)));
      await transact((em) => queueHoldWarning(em, holdId, event));
      return deliver({ subjectId: holdId, event, channel: 'email' }, async (messageId) => {
        const hold = await query((em) => readHold(em, holdId));
        const { userId } = hold;
        if (userId === null || hold.state !== 'live' || hold.remainingMs <= 0) return null;
        const account = await query((em) => readAccount(em, cipher, userId));
        if (account === null) return null;
        const mail = { messageId: `${messageId}@perdure`, to: account.email, ...holdWarningMail(hold) };
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

export type NotificationActivities = ReturnType<typeof createNotificationActivities>;
