import type { Endpoint } from '../../../endpoint.js';
import { createBreakRoutes } from './breaks.js';
import type { PricingAdminDeps } from './schemas.js';
import { createShippingMethodRoutes } from './shipping-methods.js';
import { createTaxRateRoutes } from './tax-rates.js';
import { createTierRoutes } from './tiers.js';

/** The rules that prices, taxes and shipping are made by: data that an administrator changes. */
export const createPricingAdminRoutes = (deps: PricingAdminDeps): Endpoint[] => [
  ...createBreakRoutes(deps),
  ...createTierRoutes(deps),
  ...createTaxRateRoutes(deps),
  ...createShippingMethodRoutes(deps),
];
