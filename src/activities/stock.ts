import { readStockAlert } from '../domain/inventory/index.js';
import type { Query } from '../domain/kernel/transact.js';
import { lowStockMail, type DeliveryStatus, type Mailer } from '../domain/notifications/index.js';
import { createDelivery } from './delivery.js';

export interface StockActivityDeps {
  readonly query: Query;
  readonly mailer: Mailer;
  /** Who of the staff is told of low stock; null: nobody, and the alerts are only kept. */
  readonly alertMail: string | null;
  /** How long an attempt owns a message that it does not renew; for tests. */
  readonly claimMs?: number;
}

/** News of stock, each told at most once and by mail alone. Addresses stay in here. */
export function createStockActivities(deps: StockActivityDeps) {
  const { query, mailer, alertMail } = deps;
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
  };
}

export type StockActivities = ReturnType<typeof createStockActivities>;
