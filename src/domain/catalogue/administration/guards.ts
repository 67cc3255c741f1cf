import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../../audit/index.js';
import { DomainError, notFound } from '../../kernel/errors.js';
import { publish } from '../../outbox/index.js';
import { wakeNoticesOf } from '../../stock-notices/index.js';
import { assertMay, assertMayForShop, assertMayForVendor } from '../../users/index.js';
import type { Caller } from '../../users/types.js';

/** Who administers, and what of their request belongs into the audit log. */
export interface Editor {
  readonly caller: Caller;
  readonly requestId: string;
  /** The version in If-Match; null where none was sent. */
  readonly ifMatch: number | null;
}

export interface LockedProduct {
  readonly id: string;
  readonly status: string;
  readonly price: number;
  readonly currency: string;
  readonly sku: string;
  readonly taxClass: string;
}

/** The tree of categories belongs to the shop. @throws DomainError `forbidden` for vendors */
export const assertMayShelve = (caller: Caller): void => assertMayForShop(caller, 'catalogue:write');

/**
 * Locks a product until the transaction ends, for those who may change it: every change of a product and of what belongs to
 * it begins here.
 * @throws DomainError `not_found`, also for a product of another vendor; `precondition_failed` when it is not the version named
 */
export async function lockProduct(
  em: EntityManager,
  { caller, ifMatch }: Editor,
  productId: string,
): Promise<LockedProduct> {
  const [row] = await em.execute<(LockedProduct & { vendorId: string | null; version: number })[]>(
    `select p.id, p.status, p.price_amount as price, p.currency, p.tax_class as "taxClass", p.version, p.vendor_id as "vendorId",
       (select sku from variants where product_id = p.id and is_default) as sku
     from products p where p.id = ? for update of p`,
    [productId],
  );
  if (row === undefined) throw notFound('product');
  const { vendorId, version, ...product } = row;
  assertMayForVendor(caller, 'catalogue:write', vendorId, 'product');
  assertVersion(ifMatch, version);
  return product;
}

/** @throws DomainError `precondition_failed` */
export function assertVersion(ifMatch: number | null, version: number): void {
  if (ifMatch !== null && ifMatch !== version)
    throw new DomainError('precondition_failed', 'it was changed meanwhile', { version });
}

/** Marks a product as changed, has the search index follow, wakes who waits for it and writes down who did what. */
export async function recordChange(
  em: EntityManager,
  editor: Editor,
  productId: string,
  action: string,
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await em.execute('update products set version = version + 1, updated_at = now() where id = ?', [productId], 'run');
  await publish(em, { topic: 'search.products', key: productId, payload: { product_ids: [productId] } });
  await wakeNoticesOf(em, [productId]);
  await auditEdit(em, editor, action, { type: 'product', id: productId }, data);
}

export async function auditEdit(
  em: EntityManager,
  { caller, requestId }: Editor,
  action: string,
  object: { readonly type: string; readonly id: string },
  data: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  assertMay(caller, 'catalogue:write');
  await writeAudit(em, { actor: { type: 'user', id: caller.userId }, action, object, data, requestId });
}

const TAKEN: Readonly<Record<string, string>> = {
  categories_slug_key: 'slug',
  products_slug_key: 'slug',
  variants_sku_key: 'sku',
};

/** Runs a write whose slug or SKU may be somebody else's. @throws DomainError `conflict` naming the field */
export async function refusingTaken<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    const { constraint } = error instanceof Error ? (error as { constraint?: string }) : {};
    const field = TAKEN[constraint ?? ''];
    if (field === undefined) throw error;
    throw new DomainError('conflict', `this ${field} is taken`, {}, [{ field, message: 'is taken' }]);
  }
}

export const badField = (field: string, message: string): DomainError =>
  new DomainError('validation_failed', 'the change is not possible', {}, [{ field, message }]);
