import { readStockAlert } from '../domain/inventory/index.js';
import type { Cipher } from '../domain/kernel/cipher.js';
import { DomainError } from '../domain/kernel/errors.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import {
  backInStockMail,
  lowStockMail,
  queueStockNotice,
  type DeliveryStatus,
  type Mailer,
} from '../domain/notifications/index.js';
import {
  closeNotice,
  expireNotices,
  findWaitedFor,
  findWaiting,
  readAddressed,
  type NoticeOutcome,
  type Waiting,
} from '../domain/stock-notices/index.js';
import { createDelivery } from './delivery.js';

export interface StockActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly mailer: Mailer;
  /** The base of links in mails, without a slash at its end. */
  readonly publicUrl: string;
  /** Who of the staff is told of low stock; null: nobody, and the alerts are only kept. */
  readonly alertMail: string | null;
  /** How long an attempt owns a message that it does not renew; for tests. */
  readonly claimMs?: number;
}

const CLOSED = { sent: 'told', failed: 'undeliverable', skipped: 'withdrawn' } as const;

/** News of stock, each told at most once and by mail alone. Addresses stay in here. */
export function createStockActivities(deps: StockActivityDeps) {
  const { transact, query, cipher, mailer, publicUrl, alertMail } = deps;
  const deliver = createDelivery(deps);

  return {
    sendLowStockAlert: ({ alertId }: { readonly alertId: string }): Promise<DeliveryStatus> =>
      deliver({ subjectId: alertId, event: 'low_stock', channel: 'email' }, async ({ notificationId }) => {
        if (alertMail === null) return null;
        const variants = await query((em) => readStockAlert(em, alertId));
        if (variants.length === 0) return null;
        const mail = { messageId: `${notificationId}@perdure`, to: alertMail, ...lowStockMail(variants) };
        return () => mailer.send(mail);
      }),

    /** Local. */
    findWaiting: (input: { readonly variantId: string; readonly limit: number }): Promise<Waiting> =>
      query((em) => findWaiting(em, input)),

    /** Local; for the sweep, like the next. */
    findWaitedFor: (page: { readonly limit: number; readonly after: string | null }): Promise<string[]> =>
      query((em) => findWaitedFor(em, page)),

    /** Local; answers how many it ended. */
    expireNotices: (): Promise<number> => transact((em) => expireNotices(em)),

    /**
     * Tells one of those who wait, and then forgets the address. A message that was queued for somebody who was not told,
     * as stock had gone, is the one that is sent when it is back.
     */
    async sendStockNotice({ noticeId }: { readonly noticeId: string }): Promise<NoticeOutcome> {
      try {
        await transact((em) => queueStockNotice(em, noticeId));
        const status = await deliver(
          { subjectId: noticeId, event: 'back_in_stock', channel: 'email' },
          async ({ notificationId }) => {
            const notice = await query((em) => readAddressed({ em, cipher }, noticeId));
            if (notice === null) return null;
            const { email: to, withdrawToken, slug, title, price } = notice;
            const url = `${publicUrl}/products/${slug}`;
            const withdrawUrl = `${publicUrl}/withdraw-stock-notices?token=${withdrawToken}`;
            const letter = backInStockMail({ title, price, url, withdrawUrl });
            const mail = { messageId: `${notificationId}@perdure`, to, ...letter };
            return () => mailer.send(mail);
          },
        );
        await transact((em) => closeNotice(em, noticeId, CLOSED[status]));
        return status;
      } catch (error) {
        if (error instanceof DomainError && error.code === 'out_of_stock') return 'sold_out';
        throw error;
      }
    },
  };
}

export type StockActivities = ReturnType<typeof createStockActivities>;
