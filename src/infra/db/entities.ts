import { CartEntity, CartLineEntity } from '../../domain/cart/entities.js';
import { CategoryEntity, ImportEntity, ProductEntity, VariantEntity } from '../../domain/catalogue/entities.js';
import { CustomerTierEntity, QuantityBreakEntity, TaxRateEntity } from '../../domain/pricing/entities.js';
import { ShippingMethodEntity } from '../../domain/shipping/entities.js';
import { userEntities } from '../../domain/users/entities.js';

/** Every table's entity, listed so that discovery reads no folders. */
export const entities = [
  CategoryEntity,
  ProductEntity,
  VariantEntity,
  ImportEntity,
  ...userEntities,
  CartEntity,
  CartLineEntity,
  QuantityBreakEntity,
  CustomerTierEntity,
  TaxRateEntity,
  ShippingMethodEntity,
] as const;
