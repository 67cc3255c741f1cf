import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { assertMay, assertMayForVendor, type Permission } from '../users/index.js';
import type { Caller } from '../users/types.js';
import type { MovementReason, StockLevel } from './types.js';

export interface StockRecord extends StockLevel {
  readonly sku: string;
  readonly lowAt: number | null;
  readonly updatedAt: string;
}

export interface StockMovement {
  readonly id: string;
  readonly delta: number;
  readonly onHandAfter: number;
  readonly reason: MovementReason;
  /** The order, import or adjustment that moved it. */
  readonly reference: string;
  readonly note: string;
  readonly actorId: string | null;
  readonly createdAt: string;
}

const COLUMNS = `v.id as "variantId", v.sku, s.on_hand as "onHand", s.reserved, s.low_at as "lowAt", s.updated_at as "updatedAt"`;
const RECORD = 'stock_levels s join variants v on v.id = s.variant_id join products p on p.id = v.product_id';

/**
 * A variant's stock, for those who may change it.
 * @throws DomainError `not_found`, also for a variant of another vendor
 */
export async function readStock(em: EntityManager, caller: Caller, variantId: string): Promise<StockRecord> {
  const permission: Permission = 'inventory:write';
  const [row] = await em.execute<(StockRecord & { vendorId: string | null })[]>(
    `select ${COLUMNS}, p.vendor_id as "vendorId"
     from ${RECORD} where v.id = ?`,
    [variantId],
  );
  if (row === undefined) throw notFound('variant');
  const { vendorId, ...stock } = row;
  assertMayForVendor(caller, permission, vendorId, 'variant');
  return stock;
}

/** The stock of variants by id, for those who may change it; `low`: only of those at or below their threshold. */
export async function listStock(
  em: EntityManager,
  caller: Caller,
  { low, after, limit }: { readonly low: boolean; readonly after: string | null; readonly limit: number },
): Promise<StockRecord[]> {
  assertMay(caller, 'inventory:write');
  return em.execute<StockRecord[]>(
    `select ${COLUMNS} from ${RECORD}
     where (? or p.vendor_id = ?::uuid) and (?::uuid is null or s.variant_id > ?::uuid)
       ${low ? 'and s.low_at is not null and s.on_hand - s.reserved <= s.low_at' : ''}
     order by s.variant_id limit ?`,
    [caller.shopPermissions.has('inventory:write'), caller.vendorId, after, after, limit],
  );
}

/** Newest first; `before` is the last id of the page before. */
export const listMovements = (
  em: EntityManager,
  variantId: string,
  { limit, before }: { readonly limit: number; readonly before: string | null },
): Promise<StockMovement[]> =>
  em.execute<StockMovement[]>(
    `select id, delta, on_hand_after as "onHandAfter", reason, reference, note, actor_id as "actorId",
       created_at as "createdAt"
     from stock_movements where variant_id = ? and (?::uuid is null or id < ?::uuid) order by id desc limit ?`,
    [variantId, before, before, limit],
  );
