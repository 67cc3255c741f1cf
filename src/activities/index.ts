import { createCatalogueActivities, type CatalogueActivityDeps } from './catalogue.js';
import { createCheckoutActivities, type CheckoutActivityDeps } from './checkout.js';
import { refusing, type FailureLog } from './failures.js';
import { createFlowActivities, type FlowActivityDeps } from './flows.js';
import { createHoldActivities, type HoldActivityDeps } from './holds.js';
import { createNotificationActivities, type NotificationActivityDeps } from './notifications.js';
import { createPaymentActivities, type PaymentActivityDeps } from './payments.js';
import { createReconciliationActivities, type ReconciliationActivityDeps } from './reconciliation.js';
import { createRefundActivities, type RefundActivityDeps } from './refunds.js';
import { createSearchActivities, type SearchActivityDeps } from './search.js';
import { createStockActivities, type StockActivityDeps } from './stock.js';
import { createUserActivities, type UserActivityDeps } from './users.js';

export type ActivityDeps = CatalogueActivityDeps &
  CheckoutActivityDeps &
  HoldActivityDeps &
  NotificationActivityDeps &
  PaymentActivityDeps &
  ReconciliationActivityDeps &
  RefundActivityDeps &
  SearchActivityDeps &
  StockActivityDeps &
  UserActivityDeps &
  FlowActivityDeps & { readonly log: FailureLog };

/** All activities of the worker, each wrapped at the edge to Temporal with what is likely down when it fails. */
export function createActivities(deps: ActivityDeps) {
  const { log } = deps;
  return {
    ...refusing(createCheckoutActivities(deps), { log, outage: 'provider_unavailable' }),
    ...refusing(createPaymentActivities(deps), { log, outage: 'provider_unavailable' }),
    ...refusing(createRefundActivities(deps), { log, outage: 'provider_unavailable' }),
    ...refusing(createReconciliationActivities(deps), { log, outage: 'provider_unavailable' }),
    ...refusing(createHoldActivities(deps), { log, outage: 'database_unavailable' }),
    ...refusing(createFlowActivities(deps), { log, outage: 'internal' }),
    ...refusing(createNotificationActivities(deps), { log, outage: 'mail_unavailable' }),
    ...refusing(createStockActivities(deps), { log, outage: 'mail_unavailable' }),
    ...refusing(createUserActivities(deps), { log, outage: 'mail_unavailable' }),
    ...refusing(createCatalogueActivities(deps), { log, outage: 'database_unavailable' }),
    ...refusing(createSearchActivities(deps), { log, outage: 'search_unavailable' }),
  };
}
