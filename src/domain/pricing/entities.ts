import { defineEntity, p } from '@mikro-orm/core';

export const QuantityBreakEntity = defineEntity({
  name: 'QuantityBreak',
  tableName: 'quantity_breaks',
  properties: {
    id: p.uuid().primary(),
    /** Null: holds for every variant. */
    variantId: p.uuid().nullable(),
    minQuantity: p.integer(),
    discountBp: p.integer(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});

export const CustomerTierEntity = defineEntity({
  name: 'CustomerTier',
  tableName: 'customer_tiers',
  properties: {
    code: p.string().primary(),
    name: p.string(),
    discountBp: p.integer(),
  },
});

export const TaxRateEntity = defineEntity({
  name: 'TaxRate',
  tableName: 'tax_rates',
  properties: {
    country: p.string().primary(),
    taxClass: p.string().primary(),
    rateBp: p.integer(),
    name: p.string(),
  },
});
