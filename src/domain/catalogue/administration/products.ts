import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { assertMay } from '../../users/index.js';
import { generateVariants, type OptionChoice } from '../generate-variants.js';
import { productSlugs } from '../slug.js';
import { lockCatalogue } from '../store.js';
import type { ProductDetail } from '../types.js';
import { assertMoveAllowed, type ProductStatus } from './status.js';
import { badField, lockProduct, recordChange, refusingTaken, type Editor } from './guards.js';

/** What may be said of a product; absent: as it is. */
export interface ProductFields {
  readonly title?: string | undefined;
  readonly slug?: string | undefined;
  readonly categoryId?: string | undefined;
  readonly brand?: string | undefined;
  readonly mpn?: string | undefined;
  readonly description?: string | undefined;
  readonly attributes?: ProductDetail['attributes'] | undefined;
  readonly ean?: readonly string[] | undefined;
  readonly releasedOn?: string | null | undefined;
  readonly taxClass?: string | undefined;
  /** Minor units of the shop's currency. */
  readonly price?: number | undefined;
  readonly images?: ProductDetail['images'] | undefined;
  readonly status?: ProductStatus | undefined;
  /** Null: the shop's own. */
  readonly vendorId?: string | null | undefined;
}

export interface NewProduct extends ProductFields {
  readonly id: string;
  readonly sku: string;
  readonly title: string;
  readonly categoryId: string;
  readonly price: number;
  readonly currency: string;
  readonly options: readonly OptionChoice[];
}

const COLUMNS: Readonly<Record<Exclude<keyof ProductFields, 'images'>, string>> = {
  title: 'title = ?',
  slug: 'slug = ?',
  categoryId: 'category_id = ?',
  brand: 'brand = ?',
  mpn: 'mpn = ?',
  description: 'description = ?',
  attributes: 'attributes = ?::jsonb',
  ean: 'ean = array(select jsonb_array_elements_text(?::jsonb))',
  releasedOn: 'released_on = ?',
  taxClass: 'tax_class = ?',
  price: 'price_amount = ?',
  status: 'status = ?',
  vendorId: 'vendor_id = ?',
};

/**
 * Makes a product with its variants, one for each combination of its options; none is on hand.
 * @throws DomainError `conflict` for a slug or SKU that is taken, `validation_failed` for what does not exist
 */
export async function createProduct(em: EntityManager, editor: Editor, product: NewProduct): Promise<void> {
  const { id, sku, options, currency, title, categoryId, price, slug: wanted, ...rest } = product;
  const vendorId = vendorOf(editor, rest.vendorId);
  assertMayTax(editor, rest.taxClass, 'standard');
  const variants = generateVariants(sku, options);
  assertPrices(
    price,
    variants.map((variant) => variant.priceAdjustment),
  );
  await lockCatalogue(em);
  await assertKnown(em, { categoryId, vendorId });
  const slug = wanted ?? (await freeSlug(em, title, sku));
  await refusingTaken(async () => {
    await em.execute(
      `insert into products (id, category_id, slug, title, price_amount, currency, status, options)
       values (?, ?, ?, ?, ?, ?, 'draft', ?::jsonb)`,
      [id, categoryId, slug, title, price, currency, JSON.stringify(named(options))],
      'run',
    );
    await em.execute(
      `with made as (
         insert into variants (id, product_id, sku, title, options, price_adjustment_amount, currency, position, is_default)
         select r.id, ?::uuid, r.sku, r.title, r.options, r.adjustment, ?, r.position, r.position = 0
         from jsonb_to_recordset(?::jsonb) as r (id uuid, sku text, title text, options jsonb, adjustment bigint, position integer)
         returning id
       )
       insert into stock_levels (variant_id) select id from made`,
      [
        id,
        currency,
        JSON.stringify(
          variants.map(({ priceAdjustment, ...variant }, position) => ({
            ...variant,
            id: newId(),
            adjustment: priceAdjustment,
            position,
          })),
        ),
      ],
      'run',
    );
    await write(em, id, { ...rest, vendorId });
  });
  await recordChange(em, editor, id, 'product.created', { status: rest.status ?? 'draft', variants: variants.length });
}

/** @throws DomainError like `createProduct`; `not_found`, `precondition_failed`, `invalid_transition` */
export async function changeProduct(
  em: EntityManager,
  editor: Editor,
  productId: string,
  change: ProductFields,
): Promise<void> {
  if (change.slug !== undefined) await lockCatalogue(em);
  const before = await lockProduct(em, editor, productId);
  assertMayTax(editor, change.taxClass, before.taxClass);
  if (change.status !== undefined) assertMoveAllowed(before.status as ProductStatus, change.status);
  if (change.price !== undefined) {
    const rows = await em.execute<{ adjustment: number }[]>(
      'select price_adjustment_amount as adjustment from variants where product_id = ?',
      [productId],
    );
    assertPrices(
      change.price,
      rows.map((row) => row.adjustment),
    );
  }
  const vendorId = change.vendorId === undefined ? undefined : vendorOf(editor, change.vendorId);
  await assertKnown(em, { categoryId: change.categoryId, vendorId });
  await refusingTaken(() => write(em, productId, { ...change, vendorId }));
  await recordChange(em, editor, productId, 'product.changed', {
    fields: Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field])),
    ...(change.status === undefined ? {} : { from: before.status, to: change.status }),
    ...(change.price === undefined ? {} : { priceBefore: before.price, price: change.price }),
  });
}

/**
 * Takes a product away that nobody ever had to do with.
 * @throws DomainError `not_found`, `precondition_failed`; `conflict` when a cart, an order or a movement of stock names it
 */
export async function deleteProduct(em: EntityManager, editor: Editor, productId: string): Promise<void> {
  await lockProduct(em, editor, productId);
  await em.execute('select from variants where product_id = ? order by id for update', [productId]);
  await assertUnused(em, 'product_id = ?', productId);
  await em.execute(
    'delete from stock_levels where variant_id in (select id from variants where product_id = ?)',
    [productId],
    'run',
  );
  await recordChange(em, editor, productId, 'product.deleted');
  await em.execute('delete from products where id = ?', [productId], 'run');
}

/** @throws DomainError `conflict`: archive or retire it instead */
export async function assertUnused(em: EntityManager, which: string, id: string): Promise<void> {
  const [used] = await em.execute<{ carts: boolean; orders: boolean; movements: boolean; reservations: boolean }[]>(
    `with v as (select id from variants where ${which})
     select exists (select from cart_lines where variant_id in (select id from v)) as carts,
       exists (select from order_lines where variant_id in (select id from v)) as orders,
       exists (select from stock_movements where variant_id in (select id from v)) as movements,
       exists (select from reservations where variant_id in (select id from v)) as reservations`,
    [id],
  );
  const by = Object.entries(used ?? {}).flatMap(([name, is]) => (is === true ? [name] : []));
  if (by.length > 0) throw new DomainError('conflict', 'it is in use: archive or retire it instead', { usedBy: by });
}

async function write(em: EntityManager, productId: string, { images, ...fields }: ProductFields): Promise<void> {
  const sets = Object.entries(fields).flatMap(([field, value]): [string, unknown][] =>
    value === undefined ? [] : [[COLUMNS[field as keyof typeof COLUMNS], stored(value)]],
  );
  if (images !== undefined)
    sets.push(['images = ?::jsonb', JSON.stringify(images)], ['image_url = ?', images[0]?.url ?? null]);
  if (sets.length === 0) return;
  await em.execute(
    `update products set ${sets.map(([column]) => column).join(', ')} where id = ?`,
    [...sets.map(([, value]) => value), productId],
    'run',
  );
}

const stored = (value: unknown): unknown =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : value;

export const named = (options: readonly OptionChoice[]): ProductDetail['options'] =>
  options.map(({ name, values }) => ({ name, values: values.map(({ value }) => value) }));

/** A vendor's products are that vendor's; the shop's people say whose a product is. */
function vendorOf({ caller }: Editor, wanted: string | null | undefined): string | null {
  assertMay(caller, 'catalogue:write');
  if (caller.shopPermissions.has('catalogue:write')) return wanted ?? null;
  if (wanted !== undefined && wanted !== caller.vendorId) throw badField('vendor_id', 'is not yours to give');
  return caller.vendorId;
}

/** What tax is owed is the shop's to say. */
function assertMayTax({ caller }: Editor, wanted: string | undefined, now: string): void {
  assertMay(caller, 'catalogue:write');
  if (wanted !== undefined && wanted !== now && !caller.shopPermissions.has('catalogue:write'))
    throw badField('tax_class', 'is not yours to set');
}

async function assertKnown(
  em: EntityManager,
  { categoryId, vendorId }: { readonly categoryId?: string | undefined; readonly vendorId?: string | null | undefined },
): Promise<void> {
  // a category that is being deleted is waited for
  const known = async (table: 'categories' | 'vendors', id: string): Promise<boolean> =>
    (await em.execute<unknown[]>(`select 1 from ${table} where id = ? for key share`, [id])).length > 0;
  if (categoryId !== undefined && !(await known('categories', categoryId)))
    throw badField('category_id', 'there is no such category');
  if (vendorId != null && !(await known('vendors', vendorId))) throw badField('vendor_id', 'there is no such vendor');
}

export function assertPrices(price: number, adjustments: readonly number[]): void {
  if (adjustments.some((adjustment) => price + adjustment < 0))
    throw badField('price', 'a variant would cost less than nothing');
}

async function freeSlug(em: EntityManager, title: string, sku: string): Promise<string> {
  const candidates = productSlugs(title, sku);
  const taken = await em.execute<{ slug: string }[]>(
    'select slug from products where slug in (select value from jsonb_array_elements_text(?::jsonb))',
    [JSON.stringify(candidates)],
  );
  return candidates.find((slug) => !taken.some((row) => row.slug === slug)) ?? `${candidates[0]}-${newId().slice(-8)}`;
}
