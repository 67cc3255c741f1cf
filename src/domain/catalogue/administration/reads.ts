import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../../kernel/errors.js';
import { money, type Money } from '../../kernel/money.js';
import { assertMayForVendor } from '../../users/index.js';
import type { Caller } from '../../users/types.js';
import type { ProductDetail } from '../types.js';
import type { ProductStatus } from './status.js';

/** A product as those see it who may change it, in whatever state. */
export interface ProductRecord {
  readonly id: string;
  readonly slug: string;
  readonly sku: string;
  readonly title: string;
  readonly brand: string;
  readonly mpn: string;
  readonly description: string;
  readonly attributes: ProductDetail['attributes'];
  readonly ean: readonly string[];
  readonly releasedOn: string | null;
  readonly taxClass: string;
  readonly status: ProductStatus;
  readonly categoryId: string;
  readonly vendorId: string | null;
  readonly price: Money;
  readonly images: ProductDetail['images'];
  readonly options: ProductDetail['options'];
  readonly version: number;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly variants: readonly VariantRecord[];
}

export interface VariantRecord {
  readonly id: string;
  readonly productId: string;
  readonly sku: string;
  readonly title: string;
  readonly options: Readonly<Record<string, string>>;
  readonly priceAdjustment: number;
  readonly position: number;
  readonly isDefault: boolean;
  readonly status: 'active' | 'retired';
  readonly version: number;
}

export interface AdminFilter {
  readonly status: ProductStatus | null;
  /** A slug; its subtree is included. */
  readonly category: string | null;
  /** One exactly. */
  readonly sku: string | null;
  readonly before: string | null;
  readonly limit: number;
}

const VARIANT = `json_build_object('id', v.id, 'productId', v.product_id, 'sku', v.sku, 'title', v.title, 'options', v.options,
  'priceAdjustment', v.price_adjustment_amount, 'position', v.position, 'isDefault', v.is_default, 'status', v.status,
  'version', v.version)`;

const RECORD = `select p.id, p.slug, p.title, p.brand, p.mpn, p.description, p.attributes, p.ean,
  p.released_on::text as "releasedOn", p.tax_class as "taxClass", p.status, p.category_id as "categoryId",
  p.vendor_id as "vendorId", p.price_amount as amount, p.currency, p.images, p.options, p.version,
  p.created_at as "createdAt", p.updated_at as "updatedAt",
  (select json_agg(${VARIANT} order by v.position, v.sku) from variants v where v.product_id = p.id) as variants
  from products p`;

type Row = Omit<ProductRecord, 'price' | 'sku'> & { readonly amount: number; readonly currency: string };

const toRecord = ({ amount, currency, ...row }: Row): ProductRecord => ({
  ...row,
  sku: row.variants.find((variant) => variant.isDefault)?.sku ?? '',
  price: money(amount, currency),
});

/** @throws DomainError `not_found`, also for a product of another vendor */
export async function readProduct(em: EntityManager, caller: Caller, id: string): Promise<ProductRecord> {
  const [row] = await em.execute<Row[]>(`${RECORD} where p.id = ?`, [id]);
  if (row === undefined) throw notFound('product');
  assertMayForVendor(caller, 'catalogue:write', row.vendorId, 'product');
  return toRecord(row);
}

/** Newest first, in one statement; vendors see their own. */
export async function listProductRecords(
  em: EntityManager,
  caller: Caller,
  { status, category, sku, before, limit }: AdminFilter,
): Promise<ProductRecord[]> {
  const all = caller.kind === 'user' && caller.shopPermissions.has('catalogue:write');
  const vendorId = caller.kind === 'user' ? caller.vendorId : null;
  const rows = await em.execute<Row[]>(
    `${RECORD} where (? or p.vendor_id = ?::uuid) and (?::text is null or p.status = ?)
       and (?::uuid is null or p.id < ?::uuid)
       and (?::text is null or p.id = (select product_id from variants where sku = ?))
       and (?::text is null or p.category_id in
         (select k.id from categories k join categories top on k.path <@ top.path where top.slug = ?))
     order by p.id desc limit ?`,
    [all, vendorId, status, status, before, before, sku, sku, category, category, limit],
  );
  return rows.map(toRecord);
}

/** @throws DomainError `not_found`, also for a variant of another vendor's product */
export async function readVariant(
  em: EntityManager,
  caller: Caller,
  id: string,
): Promise<VariantRecord & { readonly currency: string }> {
  const [row] = await em.execute<{ variant: VariantRecord; vendorId: string | null; currency: string }[]>(
    `select ${VARIANT} as variant, p.vendor_id as "vendorId", p.currency
     from variants v join products p on p.id = v.product_id where v.id = ?`,
    [id],
  );
  if (row === undefined) throw notFound('variant');
  assertMayForVendor(caller, 'catalogue:write', row.vendorId, 'variant');
  return { ...row.variant, currency: row.currency };
}
