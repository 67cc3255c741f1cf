import type { Endpoint } from '../../../endpoint.js';
import type { AdminOrderRouteDeps } from './deps.js';
import { createMoveRoutes } from './moves.js';
import { createOrderListRoutes } from './read.js';
import { createRefundRoutes } from './refunds.js';

/** Orders as the shop's people see, move and refund them. */
export const createAdminOrderRoutes = (deps: AdminOrderRouteDeps): Endpoint[] => [
  ...createOrderListRoutes(deps),
  ...createMoveRoutes(deps),
  ...createRefundRoutes(deps),
];
