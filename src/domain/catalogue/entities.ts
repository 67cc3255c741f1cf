import { defineEntity, p } from '@mikro-orm/core';
import type { ImportFormat, ImportStatus } from './types.js';

export const CategoryEntity = defineEntity({
  name: 'Category',
  tableName: 'categories',
  properties: {
    id: p.uuid().primary(),
    parentId: p.uuid().nullable(),
    slug: p.string(),
    name: p.string(),
    /** The slugs from the root, joined by dots. */
    path: p.string().columnType('ltree'),
    position: p.integer().default(0),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

export const ProductEntity = defineEntity({
  name: 'Product',
  tableName: 'products',
  properties: {
    id: p.uuid().primary(),
    vendorId: p.uuid().nullable(),
    categoryId: p.uuid(),
    slug: p.string(),
    title: p.string(),
    brand: p.string().default(''),
    mpn: p.string().default(''),
    description: p.text().default(''),
    attributes: p.json().$type<Readonly<Record<string, string | number | boolean>>>(),
    ean: p.array().$type<string[]>(),
    releasedOn: p.string().columnType('date').nullable(),
    taxClass: p.string().default('standard'),
    status: p.string().$type<'draft' | 'published' | 'archived'>(),
    priceAmount: p.bigint('number'),
    currency: p.string(),
    rating: p.decimal('number').precision(3).scale(2).nullable(),
    imageUrl: p.string().nullable(),
    images: p.json().$type<readonly { readonly url: string; readonly alt: string }[]>(),
    options: p.json().$type<readonly { readonly name: string; readonly values: readonly string[] }[]>(),
    version: p.integer().version(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

export const VariantEntity = defineEntity({
  name: 'Variant',
  tableName: 'variants',
  properties: {
    id: p.uuid().primary(),
    productId: p.uuid(),
    sku: p.string(),
    title: p.string().default(''),
    options: p.json().$type<Readonly<Record<string, string>>>(),
    priceAdjustmentAmount: p.bigint('number').default(0),
    currency: p.string(),
    position: p.integer().default(0),
    isDefault: p.boolean().default(false),
    status: p.string().$type<'active' | 'retired'>(),
    version: p.integer().version(),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

export const ImportEntity = defineEntity({
  name: 'Import',
  tableName: 'imports',
  properties: {
    id: p.uuid().primary(),
    source: p.string(),
    fingerprint: p.string().nullable(),
    format: p.string().$type<ImportFormat>().default('ndjson'),
    uploaded: p.boolean().default(false),
    status: p.string().$type<ImportStatus>().default('accepted'),
    failure: p.string().nullable(),
    linesRead: p.integer().default(0),
    created: p.integer().default(0),
    updated: p.integer().default(0),
    unchanged: p.integer().default(0),
    refused: p.integer().default(0),
    byteOffset: p.bigint('number').default(0),
    totalBytes: p.bigint('number').nullable(),
    startedBy: p.uuid().nullable(),
    createdAt: p.datetime().defaultRaw('now()'),
    finishedAt: p.datetime().nullable(),
  },
});
