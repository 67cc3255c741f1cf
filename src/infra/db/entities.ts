import { CategoryEntity, ImportEntity, ProductEntity, VariantEntity } from '../../domain/catalogue/entities.js';
import { userEntities } from '../../domain/users/entities.js';

/** Every table's entity, listed so that discovery reads no folders. */
export const entities = [CategoryEntity, ProductEntity, VariantEntity, ImportEntity, ...userEntities] as const;
