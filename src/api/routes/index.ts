import type { ApiDeps } from '../deps.js';
import type { Endpoint } from '../endpoint.js';
import { createCartRoutes } from './cart.js';
import { createPricingRoutes } from './pricing.js';
import { createShippingRoutes } from './shipping.js';

/** Every endpoint below `/api/v1`. Fixed paths go before those with parameters in their place. */
export const createEndpoints = (deps: ApiDeps): Endpoint[] => [
  ...createCartRoutes({ ...deps, ...deps.config }),
  ...createPricingRoutes(deps),
  ...createShippingRoutes({ ...deps, ...deps.config }),
];
