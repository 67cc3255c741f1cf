import { defineEntity, p } from '@mikro-orm/core';

export const ShippingMethodEntity = defineEntity({
  name: 'ShippingMethod',
  tableName: 'shipping_methods',
  properties: {
    id: p.uuid().primary(),
    code: p.string(),
    name: p.string(),
    country: p.string().nullable(),
    minTotalAmount: p.bigint('number').default(0),
    maxTotalAmount: p.bigint('number').nullable(),
    priceAmount: p.bigint('number'),
    currency: p.string(),
    taxClass: p.string().default('standard'),
    position: p.integer().default(0),
    active: p.boolean().default(true),
  },
});
