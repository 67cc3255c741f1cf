import { defineEntity, p } from '@mikro-orm/core';

export const CartEntity = defineEntity({
  name: 'Cart',
  tableName: 'carts',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid().nullable(),
    tokenHash: p.string().nullable(),
    status: p.string().$type<'open' | 'ordered' | 'merged'>().default('open'),
    currency: p.string(),
    /** Of its current or next checkout. */
    checkoutId: p.uuid(),
    orderId: p.uuid().nullable(),
    /** Raised by statements that lock the row, so not a version property. */
    version: p.integer().default(0),
    createdAt: p.datetime().defaultRaw('now()'),
    updatedAt: p.datetime().defaultRaw('now()'),
  },
});

export const CartLineEntity = defineEntity({
  name: 'CartLine',
  tableName: 'cart_lines',
  properties: {
    id: p.uuid().primary(),
    cartId: p.uuid(),
    variantId: p.uuid(),
    quantity: p.integer(),
    /** Minor units for one, at this quantity, when the line was last changed by its customer. */
    unitPriceAmount: p.bigint('number'),
    currency: p.string(),
    createdAt: p.datetime().defaultRaw('now()'),
  },
});
