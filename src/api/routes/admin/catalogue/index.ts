import type { Endpoint } from '../../../endpoint.js';
import { createCategoryAdminRoutes } from './categories.js';
import { createProductAdminRoutes } from './products.js';
import type { CatalogueAdminDeps } from './shared.js';
import { createVariantAdminRoutes } from './variants.js';

/** The catalogue as it is kept by hand. */
export const createCatalogueAdminRoutes = (deps: CatalogueAdminDeps): Endpoint[] => [
  ...createCategoryAdminRoutes(deps),
  ...createProductAdminRoutes(deps),
  ...createVariantAdminRoutes(deps),
];
