import { createCheckoutReadRoutes } from './read.js';
import { createStartCheckoutRoute, type CheckoutRouteDeps } from './start.js';
import type { Endpoint } from '../../endpoint.js';

export type { CheckoutRouteDeps } from './start.js';

export const createCheckoutRoutes = (deps: CheckoutRouteDeps): Endpoint[] => [
  createStartCheckoutRoute(deps),
  ...createCheckoutReadRoutes(deps),
];
