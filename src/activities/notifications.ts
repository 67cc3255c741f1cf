import { readHold } from '../domain/holds/index.js';
import type { Cipher } from '../domain/kernel/cipher.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import {
  claimNotification,
  CLAIM_MS,
  DeliveryError,
  findPendingMessages,
  findUntoldOrders,
  holdExpiring,
  holdWarningMail,
  orderMail,
  orderText,
  queueHoldWarning,
  releaseNotification,
  settleNotification,
  type DeliveryStatus,
  type Mailer,
  type Notice,
  type OrderNotification,
  type PendingMessage,
  type Settlement,
  type TextMessenger,
} from '../domain/notifications/index.js';
import { readOrder } from '../domain/orders/index.js';
import { readAccount } from '../domain/users/index.js';

export interface NotificationActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly mailer: Mailer;
  readonly messenger: TextMessenger;
}

export interface OrderNotice {
  readonly orderId: string;
  readonly event: OrderNotification;
}

/** Hands a message to its provider; null when there is nobody to send it to. */
type Send = (notificationId: string) => Promise<{ readonly providerId?: string } | null>;

/**
 * Each tells one thing on one channel, at most once: the same whichever flow or attempt calls it. A message is repeated only
 * when a process dies between the provider's acceptance and the record of it, then with the same id.
 */
export function createNotificationActivities({ transact, query, cipher, mailer, messenger }: NotificationActivityDeps) {
  async function deliver(notice: Notice, send: Send): Promise<DeliveryStatus> {
    const claim = await transact((em) => claimNotification(em, notice));
    if (claim.kind === 'settled') return claim.status;
    const { notificationId } = claim;
    const settlement = await within(send(notificationId)).then(
      (accepted): Settlement => (accepted === null ? { status: 'skipped' } : { status: 'sent', ...accepted }),
      async (error: unknown): Promise<Settlement> => {
        if (error instanceof DeliveryError && error.permanent) return { status: 'failed', error: error.code };
        // one that got no answer in time may still go out: its claim must run off first
        if (!(error instanceof StillSending))
          await transact((em) =>
            releaseNotification(em, notificationId, error instanceof DeliveryError ? error.code : 'internal'),
          );
        throw error;
      },
    );
    await transact((em) => settleNotification(em, notificationId, settlement));
    return settlement.status;
  }

  const sendOrderEmail = ({ orderId, event }: OrderNotice): Promise<DeliveryStatus> =>
    deliver({ subjectId: orderId, event, channel: 'email' }, async (messageId) => {
      const order = await query((em) => readOrder(em, cipher, orderId));
      await mailer.send({ messageId: `${messageId}@perdure`, to: order.contact.email, ...orderMail(event, order) });
      return {};
    });

  const sendOrderText = ({ orderId, event }: OrderNotice): Promise<DeliveryStatus> =>
    deliver({ subjectId: orderId, event, channel: 'sms' }, async (reference) => {
      const order = await query((em) => readOrder(em, cipher, orderId));
      if (order.contact.phone === null) return null;
      return messenger.send({ reference, to: order.contact.phone, ...orderText(event, order) });
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
        await mailer.send({ messageId: `${messageId}@perdure`, to: account.email, ...holdWarningMail(hold) });
        return {};
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

const SEND_MS = CLAIM_MS - 5_000;

class StillSending extends Error {}

/** Stops waiting, though not sending, well before the claim ends. */
async function within<T>(sending: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new StillSending('no answer in time')), SEND_MS).unref();
  });
  try {
    return await Promise.race([sending, late]);
  } finally {
    clearTimeout(timer);
  }
}
