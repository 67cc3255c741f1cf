import { z } from 'zod';
import type { ProductCard, ProductDetail, ProductFilter } from '../../../domain/catalogue/index.js';
import { Id, longPageInput, Money, queryInteger } from '../../openapi/schemas.js';
import { CategoryNameView, Slug } from '../categories.js';

const HIGHEST_PRICE = 999_999_999_999;

/** Text that PostgreSQL can be asked for: without U+0000 and halves of surrogate pairs. */
export const plainText = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .refine((text) => !/[\0\p{Cs}]/u.test(text), 'holds characters that are not text');

export const filterFields = {
  category: Slug.optional().meta({ description: 'a slug; its subtree is included' }),
  brand: plainText(128).optional(),
  min_price: queryInteger(0, HIGHEST_PRICE).optional().meta({ description: 'minor units, inclusive' }),
  max_price: queryInteger(0, HIGHEST_PRICE).optional().meta({ description: 'minor units, inclusive' }),
  in_stock: z
    .enum(['true', 'false'])
    .transform((text) => text === 'true')
    .optional(),
  ...longPageInput,
  cursor: longPageInput.cursor.meta({ description: '`next_cursor` of the page before' }),
};

interface FilterQuery {
  readonly category?: string | undefined;
  readonly brand?: string | undefined;
  readonly min_price?: number | undefined;
  readonly max_price?: number | undefined;
  readonly in_stock?: boolean | undefined;
  readonly cursor?: string | undefined;
}

export const toFilter = (query: FilterQuery): ProductFilter & { readonly cursor?: string } => ({
  ...(query.category === undefined ? {} : { category: query.category }),
  ...(query.brand === undefined ? {} : { brand: query.brand }),
  ...(query.min_price === undefined ? {} : { minPrice: query.min_price }),
  ...(query.max_price === undefined ? {} : { maxPrice: query.max_price }),
  ...(query.in_stock === undefined ? {} : { inStock: query.in_stock }),
  ...(query.cursor === undefined ? {} : { cursor: query.cursor }),
});

const cardFields = {
  id: Id,
  slug: z.string(),
  sku: z.string().meta({ description: 'of the default variant' }),
  title: z.string(),
  brand: z.string(),
  category: z.strictObject({
    slug: z.string(),
    path: z.array(CategoryNameView).meta({ description: 'from the root' }),
  }),
  price: Money,
  in_stock: z.boolean(),
  rating: z.number().nullable(),
  image_url: z.string().nullable(),
};
export const ProductCardView = z.strictObject(cardFields).meta({ id: 'ProductCard' });

export const ProductView = z
  .strictObject({
    ...cardFields,
    mpn: z.string().meta({ description: "the maker's part number" }),
    ean: z.array(z.string()),
    released_on: z.iso.date().nullable(),
    description: z.string(),
    attributes: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])),
    options: z
      .array(z.strictObject({ name: z.string(), values: z.array(z.string()) }))
      .meta({ description: 'what the variants differ by' }),
    images: z.array(z.strictObject({ url: z.string(), alt: z.string() })),
    variants: z.array(
      z.strictObject({
        id: Id,
        sku: z.string(),
        title: z.string(),
        options: z.record(z.string(), z.string()),
        price: Money,
        available: z.int().min(0),
      }),
    ),
  })
  .meta({ id: 'Product' });

export const presentCard = (card: ProductCard): z.input<typeof ProductCardView> => ({
  id: card.id,
  slug: card.slug,
  sku: card.sku,
  title: card.title,
  brand: card.brand,
  category: { slug: card.category.slug, path: card.category.path.map(({ slug, name }) => ({ slug, name })) },
  price: card.price,
  in_stock: card.inStock,
  rating: card.rating,
  image_url: card.imageUrl,
});

export const presentProduct = (product: ProductDetail): z.input<typeof ProductView> => ({
  ...presentCard(product),
  mpn: product.mpn,
  ean: [...product.ean],
  released_on: product.releasedOn,
  description: product.description,
  attributes: { ...product.attributes },
  options: product.options.map(({ name, values }) => ({ name, values: [...values] })),
  images: product.images.map(({ url, alt }) => ({ url, alt })),
  variants: product.variants.map(({ id, sku, title, options, price, available }) => ({
    id,
    sku,
    title,
    options: { ...options },
    price,
    available,
  })),
});
