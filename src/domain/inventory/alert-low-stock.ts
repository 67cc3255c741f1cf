import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { newId } from '../kernel/ids.js';
import { queueStockAlert } from '../notifications/index.js';
import { publish } from '../outbox/index.js';
import { available, dipped } from './stock.js';
import type { StockChange } from './types.js';

/**
 * Has staff told of variants that became low, in the transaction that made them so: one alert for all of them. Asks the
 * database for nothing where none did.
 */
export async function alertLowStock(em: EntityManager, changes: readonly StockChange[]): Promise<void> {
  const lines = changes.filter(dipped).map(({ after }) => ({
    variant_id: after.variantId,
    available: available(after),
    low_at: after.lowAt,
  }));
  if (lines.length === 0) return;
  const alertId = newId();
  await em.execute(
    `with alert as (
       insert into stock_alerts (id) values (?) returning id
     )
     insert into stock_alert_lines (alert_id, variant_id, available, low_at)
     select a.id, l.variant_id, l.available, l.low_at
     from alert a, jsonb_to_recordset(?::jsonb) as l (variant_id uuid, available integer, low_at integer)`,
    [alertId, JSON.stringify(lines)],
    'run',
  );
  await queueStockAlert(em, alertId);
  await publish(em, { topic: 'stock.low', key: alertId, payload: { alertId } });
}

export interface LowVariant {
  readonly variantId: string;
  readonly sku: string;
  readonly title: string;
  readonly available: number;
  readonly lowAt: number;
}

/** What an alert says, by SKU: as it was when the variants became low. */
export const readStockAlert = (em: EntityManager, alertId: string): Promise<LowVariant[]> =>
  em.execute<LowVariant[]>(
    `select l.variant_id as "variantId", v.sku, p.title, l.available, l.low_at as "lowAt"
     from stock_alert_lines l join variants v on v.id = l.variant_id join products p on p.id = v.product_id
     where l.alert_id = ? order by v.sku`,
    [alertId],
  );

/** Sets at how many available ones a variant is low; who sets it to more than there are is told by the answer alone. */
export async function setLowStock(
  em: EntityManager,
  change: {
    readonly variantId: string;
    readonly lowAt: number | null;
    readonly actorId: string;
    readonly requestId: string;
  },
): Promise<void> {
  const { variantId, lowAt } = change;
  const set = await em.execute<unknown[]>(
    `update stock_levels set low_at = ? where variant_id = ? and low_at is distinct from ?::integer returning variant_id`,
    [lowAt, variantId, lowAt],
  );
  if (set.length === 0) return;
  await writeAudit(em, {
    actor: { type: 'user', id: change.actorId },
    action: 'stock.threshold_set',
    object: { type: 'variant', id: variantId },
    data: { lowAt },
    requestId: change.requestId,
  });
}
