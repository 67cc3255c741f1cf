import type { EntityManager } from '@mikro-orm/postgresql';
import { decodeIdCursor, page, type Page } from '../kernel/page.js';
import type { OrderEntry, OrderStatus, OrderSummary } from './types.js';

interface Paging {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

/** What the shop's people look for; absent means any. */
export interface OrderFilter {
  readonly status?: OrderStatus | undefined;
  readonly number?: string | undefined;
  readonly customerId?: string | undefined;
  /** Of the customer's account. */
  readonly email?: string | undefined;
  /** ISO 8601; from this moment on. */
  readonly from?: string | undefined;
  /** ISO 8601; before this moment. */
  readonly to?: string | undefined;
}

const COLUMNS = `o.id, o.number, o.status, o.total_amount, o.currency, o.placed_at, o.user_id,
  (select sum(quantity) from order_lines l where l.order_id = o.id) as item_count,
  (select p.status from payments p where p.order_id = o.id) as payment_status`;

/** A customer's orders, newest first. */
export async function listOrders(
  em: EntityManager,
  userId: string,
  { limit, cursor }: Paging,
): Promise<Page<OrderSummary>> {
  const after = cursor === undefined ? null : decodeIdCursor(cursor);
  const rows = await em.execute<OrderEntryRow[]>(
    `select ${COLUMNS} from orders o
     where o.user_id = ? and (?::uuid is null or o.id < ?::uuid)
     order by o.id desc limit ?`,
    [userId, after, after, limit + 1],
  );
  return page(rows, limit, toSummary, (row) => [row.id]);
}

/** Everybody's orders, newest first. */
export async function listAllOrders(
  em: EntityManager,
  filter: OrderFilter,
  { limit, cursor }: Paging,
): Promise<Page<OrderEntry>> {
  const conditions: [string, unknown][] = [];
  const where = (condition: string, value: unknown): void => {
    if (value !== undefined) conditions.push([condition, value]);
  };
  where('o.id < ?', cursor === undefined ? undefined : decodeIdCursor(cursor));
  where('o.status = ?', filter.status);
  where('o.number = ?', filter.number);
  where('o.user_id = ?', filter.customerId);
  where('o.user_id = (select id from users where email = ?)', filter.email);
  where('o.placed_at >= ?', filter.from);
  where('o.placed_at < ?', filter.to);
  const rows = await em.execute<OrderEntryRow[]>(
    `select ${COLUMNS} from orders o
     ${conditions.length === 0 ? '' : `where ${conditions.map(([condition]) => condition).join(' and ')}`}
     order by o.id desc limit ?`,
    [...conditions.map(([, value]) => value), limit + 1],
  );
  return page(
    rows,
    limit,
    (row) => ({ ...toSummary(row), customerId: row.user_id, paymentStatus: row.payment_status }),
    (row) => [row.id],
  );
}

interface OrderEntryRow {
  readonly id: string;
  readonly number: string;
  readonly status: OrderStatus;
  readonly total_amount: number;
  readonly currency: string;
  readonly placed_at: string;
  readonly user_id: string | null;
  readonly item_count: number;
  readonly payment_status: string;
}

const toSummary = (row: OrderEntryRow): OrderSummary => ({
  id: row.id,
  number: row.number,
  status: row.status,
  total: { amount: row.total_amount, currency: row.currency },
  itemCount: row.item_count,
  placedAt: row.placed_at,
});
