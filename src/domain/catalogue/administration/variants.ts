import type { EntityManager } from '@mikro-orm/postgresql';
import { DomainError, notFound } from '../../kernel/errors.js';
import { newId } from '../../kernel/ids.js';
import { generateVariants, MOST_VARIANTS, type OptionChoice } from '../generate-variants.js';
import { badField, lockProduct, recordChange, refusingTaken, type Editor, type LockedProduct } from './guards.js';
import { assertPrices, assertUnused, named } from './products.js';

/** Absent: as it is. */
export interface VariantFields {
  readonly sku?: string | undefined;
  readonly title?: string | undefined;
  readonly options?: Readonly<Record<string, string>> | undefined;
  /** Minor units on top of the product's price. */
  readonly priceAdjustment?: number | undefined;
  readonly position?: number | undefined;
  readonly status?: 'active' | 'retired' | undefined;
}

/** Adds a variant, none of it on hand. @throws DomainError `not_found`, `precondition_failed`, `conflict`, `validation_failed` */
export async function addVariant(
  em: EntityManager,
  editor: Editor,
  productId: string,
  variant: VariantFields & { readonly id: string; readonly sku: string },
): Promise<void> {
  const product = await lockProduct(em, editor, productId);
  assertPrices(product.price, [variant.priceAdjustment ?? 0]);
  const [{ count } = { count: 0 }] = await em.execute<{ count: number }[]>(
    'select count(*) as count from variants where product_id = ?',
    [productId],
  );
  if (count >= MOST_VARIANTS) throw new DomainError('conflict', `a product has at most ${MOST_VARIANTS} variants`);
  const row = {
    id: variant.id,
    sku: variant.sku,
    title: variant.title ?? '',
    options: variant.options ?? {},
    adjustment: variant.priceAdjustment ?? 0,
    position: variant.position ?? count,
  };
  await insert(em, product, [row]);
  await recordChange(em, editor, productId, 'variant.created', { variantId: variant.id });
}

/**
 * @throws DomainError `not_found`, `precondition_failed`, `conflict` for a SKU that is taken; `validation_failed` for what
 * would make the default variant cost something else than the product, or be off sale
 */
export async function changeVariant(
  em: EntityManager,
  editor: Editor,
  variantId: string,
  change: VariantFields,
): Promise<void> {
  const { product, isDefault } = await lockOwner(em, editor, variantId);
  if (change.priceAdjustment !== undefined) assertPrices(product.price, [change.priceAdjustment]);
  if (isDefault && (change.priceAdjustment ?? 0) !== 0)
    throw badField('price_adjustment', "the default variant's price is the product's");
  if (isDefault && change.status === 'retired') throw badField('status', 'the default variant goes with its product');
  const { sku, title, options, priceAdjustment, position, status } = change;
  await refusingTaken(() =>
    em.execute(
      `update variants set sku = coalesce(?, sku), title = coalesce(?, title), options = coalesce(?::jsonb, options),
         price_adjustment_amount = coalesce(?::bigint, price_adjustment_amount), position = coalesce(?::integer, position),
         status = coalesce(?, status), version = version + 1, updated_at = now()
       where id = ?`,
      [
        sku ?? null,
        title ?? null,
        options === undefined ? null : JSON.stringify(options),
        priceAdjustment ?? null,
        position ?? null,
        status ?? null,
        variantId,
      ],
      'run',
    ),
  );
  const fields = Object.entries(change).flatMap(([field, value]) => (value === undefined ? [] : [field]));
  await recordChange(em, editor, product.id, 'variant.changed', { variantId, fields });
}

/** @throws DomainError `not_found`, `precondition_failed`; `conflict` for the default variant and for what is in use */
export async function deleteVariant(em: EntityManager, editor: Editor, variantId: string): Promise<void> {
  const { product, isDefault } = await lockOwner(em, editor, variantId);
  if (isDefault) throw new DomainError('conflict', 'the default variant goes with its product');
  await em.execute('select from variants where id = ? for update', [variantId]);
  await assertUnused(em, 'id = ?', variantId);
  await em.execute('delete from stock_levels where variant_id = ?', [variantId], 'run');
  await em.execute('delete from variants where id = ?', [variantId], 'run');
  await recordChange(em, editor, product.id, 'variant.deleted', { variantId });
}

/**
 * Gives a product one variant for each combination of values: those it has already stay, those it lacks are made, those that
 * are no combination are retired. The default variant becomes the first combination.
 * @throws DomainError `not_found`, `precondition_failed`, `conflict`, `validation_failed`
 */
export async function setOptions(
  em: EntityManager,
  editor: Editor,
  productId: string,
  options: readonly OptionChoice[],
): Promise<void> {
  const product = await lockProduct(em, editor, productId);
  const generated = generateVariants(product.sku, options);
  assertPrices(
    product.price,
    generated.map((variant) => variant.priceAdjustment),
  );
  const existing = await em.execute<{ id: string; options: Record<string, string>; isDefault: boolean }[]>(
    'select id, options, is_default as "isDefault" from variants where product_id = ? order by is_default desc, position',
    [productId],
  );
  const known = new Map(existing.toReversed().map((each) => [keyOf(each.options), each.id]));
  const first = existing.find((each) => each.isDefault)?.id;
  const rows = generated.map(({ priceAdjustment, ...variant }, position) => {
    const found = position === 0 ? first : known.get(keyOf(variant.options));
    const id = found === first && position > 0 ? undefined : found;
    return { ...variant, id: id ?? newId(), isNew: id === undefined, adjustment: priceAdjustment, position };
  });
  await em.execute(
    `update variants v set title = r.title, options = r.options, price_adjustment_amount = r.adjustment, position = r.position,
       status = 'active', version = v.version + 1, updated_at = now()
     from jsonb_to_recordset(?::jsonb) as r (id uuid, title text, options jsonb, adjustment bigint, position integer)
     where v.id = r.id`,
    [JSON.stringify(rows)],
    'run',
  );
  await em.execute(
    `update variants set status = 'retired', version = version + 1, updated_at = now()
     where product_id = ? and status = 'active' and id not in (select value::uuid from jsonb_array_elements_text(?::jsonb))`,
    [productId, JSON.stringify(rows.map((row) => row.id))],
    'run',
  );
  const made = rows.filter((row) => row.isNew);
  if (made.length > 0) await insert(em, product, made);
  await em.execute(
    'update products set options = ?::jsonb where id = ?',
    [JSON.stringify(named(options)), productId],
    'run',
  );
  await recordChange(em, editor, productId, 'product.options_set', { variants: rows.length, made: made.length });
}

const keyOf = (options: Readonly<Record<string, string>>): string =>
  JSON.stringify(Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1)));

async function insert(
  em: EntityManager,
  product: LockedProduct,
  rows: readonly {
    readonly id: string;
    readonly sku: string;
    readonly title: string;
    readonly options: Readonly<Record<string, string>>;
    readonly adjustment: number;
    readonly position: number;
  }[],
): Promise<void> {
  await refusingTaken(() =>
    em.execute(
      `with made as (
         insert into variants (id, product_id, sku, title, options, price_adjustment_amount, currency, position)
         select r.id, ?::uuid, r.sku, r.title, r.options, r.adjustment, ?, r.position
         from jsonb_to_recordset(?::jsonb) as r (id uuid, sku text, title text, options jsonb, adjustment bigint, position integer)
         returning id
       )
       insert into stock_levels (variant_id) select id from made`,
      [product.id, product.currency, JSON.stringify(rows)],
      'run',
    ),
  );
}

/** A variant is changed under its product's lock; If-Match names the variant's version here. */
async function lockOwner(
  em: EntityManager,
  editor: Editor,
  variantId: string,
): Promise<{ readonly product: LockedProduct; readonly isDefault: boolean }> {
  const find = () =>
    em.execute<{ productId: string; isDefault: boolean; version: number }[]>(
      'select product_id as "productId", is_default as "isDefault", version from variants where id = ?',
      [variantId],
    );
  const [owned] = await find();
  if (owned === undefined) throw notFound('variant');
  const product = await lockProduct(em, { ...editor, ifMatch: null }, owned.productId).catch((error: unknown) => {
    throw error instanceof DomainError && error.code === 'not_found' ? notFound('variant') : error;
  });
  const [now] = await find();
  if (now === undefined) throw notFound('variant');
  if (editor.ifMatch !== null && editor.ifMatch !== now.version)
    throw new DomainError('precondition_failed', 'it was changed meanwhile', { version: now.version });
  return { product, isDefault: now.isDefault };
}
