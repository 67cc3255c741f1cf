import type { ApiDeps } from '../deps.js';
import type { Endpoint } from '../endpoint.js';
import { createLimitGuesses } from '../limit-guesses.js';
import { createLimitAbuse } from '../limit-abuse.js';
import { createAuditRoutes } from './admin/audit.js';
import { createPricingAdminRoutes } from './admin/pricing/index.js';
import { createFlowRoutes } from './admin/flows.js';
import { createNotificationRoutes } from './admin/notifications.js';
import { createCatalogueAdminRoutes } from './admin/catalogue/index.js';
import { createImportRoutes } from './admin/imports.js';
import { createInventoryRoutes } from './admin/inventory.js';
import { createAdminOrderRoutes } from './admin/orders/index.js';
import { createReconciliationRoutes } from './admin/reconciliations.js';
import { createAdminUserRoutes } from './admin/users.js';
import { createAuthRoutes } from './auth.js';
import { createCartRoutes } from './cart.js';
import { createCategoryRoutes } from './categories.js';
import { createCheckoutRoutes } from './checkout/index.js';
import { createOrderCancelRoutes } from './order-cancel.js';
import { createOrderRoutes } from './orders.js';
import { createPricingRoutes } from './pricing.js';
import { createProductRoutes } from './products/index.js';
import { createReceiptRoutes } from './receipt.js';
import { createReservationRoutes } from './reservation.js';
import { createShippingRoutes } from './shipping.js';
import { createStockNoticeRoutes } from './stock-notices.js';
import { createUserRoutes } from './users.js';
import { createWebhookRoutes } from './webhooks.js';

/** Every endpoint below `/api/v1`. Fixed paths go before those with parameters in their place. */
export function createEndpoints(deps: ApiDeps): Endpoint[] {
  const { shop, http } = deps.config;
  const limits = { limiter: deps.rateLimiter, on: http.rateLimits };
  const [limitGuesses, limitAbuse] = [createLimitGuesses(limits), createLimitAbuse(limits)];
  return [
    ...createAuthRoutes({ ...deps, limitGuesses }),
    ...createUserRoutes({ ...deps, limitGuesses }),
    ...createStockNoticeRoutes({ ...deps, limitGuesses }),
    ...createAdminUserRoutes(deps),
    ...createAuditRoutes(deps),
    ...createPricingAdminRoutes(deps),
    ...createNotificationRoutes(deps),
    ...createCatalogueAdminRoutes(deps),
    ...createImportRoutes(deps),
    ...createInventoryRoutes(deps),
    ...createAdminOrderRoutes(deps),
    ...createFlowRoutes(deps),
    ...createReconciliationRoutes(deps),
    ...createCategoryRoutes(deps),
    ...createProductRoutes(deps),
    ...createCartRoutes({ ...deps, shop }),
    ...createPricingRoutes(deps),
    ...createShippingRoutes({ ...deps, shop }),
    ...createReservationRoutes({ ...deps, limitAbuse }),
    ...createCheckoutRoutes({ ...deps, limitAbuse }),
    ...createOrderRoutes(deps),
    ...createReceiptRoutes(deps),
    ...createOrderCancelRoutes(deps),
    ...createWebhookRoutes(deps),
  ];
}
