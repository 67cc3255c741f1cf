import { z } from 'zod';
import {
  MOST_VARIANTS,
  PRODUCT_STATUSES,
  type OptionChoice,
  type ProductRecord,
  type VariantRecord,
} from '../../../../domain/catalogue/index.js';
import { isStorableYear, NO_YEAR_0 } from '../../../../domain/kernel/year.js';
import { Id, Instant, Money } from '../../../openapi/schemas.js';
import { Slug } from '../../categories.js';
import { plainText } from '../../products/schemas.js';
import { anyText } from './shared.js';

const HIGHEST_PRICE = 10_000_000_000;

export const Sku = plainText(64).regex(/^[\w.+/#: -]+$/, 'must be letters, digits, spaces and . _ - + / # : only');
const Adjustment = z.int().min(-HIGHEST_PRICE).max(HIGHEST_PRICE).meta({ description: 'minor units on the price' });
const Text = z
  .record(plainText(64), plainText(256))
  .refine((all) => Object.keys(all).length <= 10, 'must be at most 10');

export const Images = z
  .array(z.strictObject({ url: z.url({ protocol: /^https?$/ }).max(2_000), alt: anyText(500).default('') }))
  .max(50)
  .meta({ description: 'in order; the first stands in lists' });

export const Options = z
  .array(
    z.strictObject({
      name: plainText(64),
      values: z
        .array(z.strictObject({ value: plainText(256), price_adjustment: Adjustment.default(0) }))
        .min(1)
        .max(MOST_VARIANTS),
    }),
  )
  .max(10)
  .meta({ description: 'one variant is made for each combination of values; the first is the product itself' });

export const toChoices = (options: z.output<typeof Options>): OptionChoice[] =>
  options.map(({ name, values }) => ({
    name,
    values: values.map((each) => ({ value: each.value, priceAdjustment: each.price_adjustment })),
  }));

export const ProductFields = {
  title: plainText(500).optional(),
  slug: Slug.optional(),
  category_id: Id.optional(),
  brand: anyText(128).optional(),
  mpn: anyText(500).optional(),
  description: anyText(50_000).optional(),
  attributes: z.record(plainText(256), z.union([anyText(20_000), z.number(), z.boolean()])).optional(),
  ean: z
    .array(z.string().regex(/^\d{8,14}$/, 'must be 8 to 14 digits'))
    .max(200)
    .optional(),
  released_on: z.iso.date().refine(isStorableYear, NO_YEAR_0).nullable().optional(),
  tax_class: plainText(50).optional(),
  price: z
    .strictObject({ amount: z.int().min(0).max(HIGHEST_PRICE), currency: z.string().length(3) })
    .optional()
    .meta({ description: "in the shop's currency" }),
  status: z.enum(PRODUCT_STATUSES).optional(),
  vendor_id: Id.nullable().optional().meta({ description: "null: the shop's own" }),
};

export const VariantFields = {
  sku: Sku.optional(),
  title: anyText(500).optional(),
  options: Text.optional(),
  price_adjustment: Adjustment.optional(),
  position: z.int().min(0).max(1_000_000).optional(),
};

const variantFields = {
  id: Id,
  product_id: Id,
  sku: z.string(),
  title: z.string(),
  options: z.record(z.string(), z.string()),
  price_adjustment: Money,
  position: z.int(),
  is_default: z.boolean(),
  status: z.enum(['active', 'retired']),
  version: z.int(),
};
export const AdminVariant = z.strictObject(variantFields).meta({ id: 'AdminVariant' });

export const AdminProduct = z
  .strictObject({
    id: Id,
    slug: z.string(),
    sku: z.string().meta({ description: 'of the default variant' }),
    title: z.string(),
    brand: z.string(),
    mpn: z.string(),
    description: z.string(),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    ean: z.array(z.string()),
    released_on: z.iso.date().nullable(),
    tax_class: z.string(),
    status: z.enum(PRODUCT_STATUSES),
    category_id: Id,
    vendor_id: Id.nullable(),
    price: Money,
    images: z.array(z.strictObject({ url: z.string(), alt: z.string() })),
    options: z.array(z.strictObject({ name: z.string(), values: z.array(z.string()) })),
    variants: z.array(AdminVariant),
    version: z.int(),
    created_at: Instant,
    updated_at: Instant,
  })
  .meta({ id: 'AdminProduct' });

export const presentVariant = (variant: VariantRecord, currency: string): z.input<typeof AdminVariant> => ({
  id: variant.id,
  product_id: variant.productId,
  sku: variant.sku,
  title: variant.title,
  options: { ...variant.options },
  price_adjustment: { amount: variant.priceAdjustment, currency },
  position: variant.position,
  is_default: variant.isDefault,
  status: variant.status,
  version: variant.version,
});

export const presentRecord = (product: ProductRecord): z.input<typeof AdminProduct> => ({
  id: product.id,
  slug: product.slug,
  sku: product.sku,
  title: product.title,
  brand: product.brand,
  mpn: product.mpn,
  description: product.description,
  attributes: { ...product.attributes },
  ean: [...product.ean],
  released_on: product.releasedOn,
  tax_class: product.taxClass,
  status: product.status,
  category_id: product.categoryId,
  vendor_id: product.vendorId,
  price: product.price,
  images: product.images.map(({ url, alt }) => ({ url, alt })),
  options: product.options.map(({ name, values }) => ({ name, values: [...values] })),
  variants: product.variants.map((variant) => presentVariant(variant, product.price.currency)),
  version: product.version,
  created_at: product.createdAt,
  updated_at: product.updatedAt,
});
