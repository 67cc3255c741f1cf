import type { ImportedStock } from '../inventory/index.js';
import { newId } from '../kernel/ids.js';
import type { ImportLine, ImportVariant } from './import-line.js';
import { firstFree } from './resolve-categories.js';
import { productSlugs } from './slug.js';
import { stockBySku } from './stock-rule.js';
import type { ImportRefusal } from './types.js';
import type { ProductRow, VariantRow } from './write-products.js';

/** Who has a SKU now. */
export interface Owner {
  readonly variantId: string;
  readonly productId: string;
  readonly productSlug: string;
  readonly isDefault: boolean;
}

export interface PlannedLine {
  readonly isNew: boolean;
  readonly categoryPath: readonly string[];
  readonly product: Omit<ProductRow, 'category_id'>;
  /** Those to write: none where the product exists and the line lists none. */
  readonly variants: readonly VariantRow[];
  readonly listsVariants: boolean;
  readonly stock: readonly ImportedStock[];
}

/** What a batch writes, by whom its SKUs belong to. `taken` slugs grow by the new ones. */
export function planProducts(
  lines: readonly { readonly number: number; readonly line: ImportLine }[],
  owners: ReadonlyMap<string, Owner>,
  taken: Set<string>,
): { readonly lines: PlannedLine[]; readonly refusals: ImportRefusal[] } {
  const planned: PlannedLine[] = [];
  const refusals: ImportRefusal[] = [];
  for (const { number, line } of lines) {
    const problem = claim(line, owners);
    if (problem === null) planned.push(plan(line, owners, taken));
    else refusals.push({ line: number, ...problem });
  }
  return { lines: planned, refusals };
}

function claim(line: ImportLine, owners: ReadonlyMap<string, Owner>): Omit<ImportRefusal, 'line'> | null {
  const owner = owners.get(line.sku);
  if (owner?.isDefault === false) return { field: 'sku', reason: 'is a further variant of another product' };
  const foreign = line.variants?.find((variant) => {
    const holder = owners.get(variant.sku);
    return holder !== undefined && holder.productId !== owner?.productId;
  });
  return foreign === undefined ? null : { field: 'variants', reason: `${foreign.sku} belongs to another product` };
}

function plan(line: ImportLine, owners: ReadonlyMap<string, Owner>, taken: Set<string>): PlannedLine {
  const owner = owners.get(line.sku);
  const productId = owner?.productId ?? newId();
  const listed = withDefault(line);
  const rows = listed.map((variant, position): VariantRow => ({
    id: owners.get(variant.sku)?.variantId ?? newId(),
    product_id: productId,
    sku: variant.sku,
    title: variant.title,
    options: variant.options,
    price_adjustment_amount: (variant.price_cents ?? line.price_cents) - line.price_cents,
    position,
    is_default: variant.sku === line.sku,
  }));
  const listsVariants = line.variants !== undefined;
  return {
    isNew: owner === undefined,
    categoryPath: line.category,
    product: {
      id: productId,
      slug: owner?.productSlug ?? firstFree(productSlugs(line.title, line.sku), taken),
      title: line.title,
      brand: line.brand,
      mpn: line.mpn,
      description: line.description,
      attributes: line.attributes,
      ean: line.ean,
      released_on: line.released_at,
      price_amount: line.price_cents,
      currency: line.currency,
      image_url: line.image_url,
      images: line.image_url === null ? [] : [{ url: line.image_url, alt: line.title }],
      options: listsVariants || owner === undefined ? optionsOf(listed) : null,
    },
    variants: owner === undefined || listsVariants ? rows : [],
    listsVariants,
    stock: rows.flatMap((row, index) => stockOf(row, listed[index], owners.has(row.sku))),
  };
}

/** The line's variants, the default one first. */
function withDefault(line: ImportLine): ImportVariant[] {
  const variants = line.variants ?? [];
  const own = variants.find((variant) => variant.sku === line.sku) ?? { sku: line.sku, title: '', options: {} };
  const stock = own.stock ?? line.stock;
  return [
    { ...own, ...(stock === undefined ? {} : { stock }) },
    ...variants.filter((variant) => variant.sku !== line.sku),
  ];
}

function stockOf(row: VariantRow, variant: ImportVariant | undefined, exists: boolean): ImportedStock[] {
  const stated = variant?.stock;
  if (stated !== undefined) return [{ variantId: row.id, onHand: stated, replace: true }];
  return exists ? [] : [{ variantId: row.id, onHand: stockBySku(row.sku), replace: false }];
}

function optionsOf(variants: readonly ImportVariant[]): { name: string; values: string[] }[] {
  const values = new Map<string, Set<string>>();
  for (const variant of variants)
    for (const [name, value] of Object.entries(variant.options))
      values.set(name, (values.get(name) ?? new Set()).add(value));
  return [...values].map(([name, set]) => ({ name, values: [...set] }));
}
