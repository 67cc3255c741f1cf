import { Users } from './0001-users.js';
import { Catalogue } from './0002-catalogue.js';
import { Inventory } from './0003-inventory.js';
import { Carts } from './0004-carts.js';
import { Checkouts } from './0005-checkouts.js';
import { Messages } from './0006-messages.js';
import { CatalogueAdministration } from './0007-catalogue-administration.js';
import { OverdueHolds } from './0008-overdue-holds.js';
import { OrderLife } from './0009-order-life.js';
import { Notifications } from './0011-notifications.js';
import { Reconciliation } from './0012-reconciliation.js';
import { StockAlerts } from './0016-stock-alerts.js';
import { Restores } from './0017-restores.js';
import { StockNotices } from './0018-stock-notices.js';
import { LedgerIntent } from './0019-ledger-intent.js';
import { CheckoutEnding } from './0020-checkout-ending.js';

/** In the order they run; a landed one never changes. */
export const migrations = [
  { name: '0001-users', class: Users },
  { name: '0002-catalogue', class: Catalogue },
  { name: '0003-inventory', class: Inventory },
  { name: '0004-carts', class: Carts },
  { name: '0005-checkouts', class: Checkouts },
  { name: '0006-messages', class: Messages },
  { name: '0007-catalogue-administration', class: CatalogueAdministration },
  { name: '0008-overdue-holds', class: OverdueHolds },
  { name: '0009-order-life', class: OrderLife },
  { name: '0011-notifications', class: Notifications },
  { name: '0012-reconciliation', class: Reconciliation },
  { name: '0016-stock-alerts', class: StockAlerts },
  { name: '0017-restores', class: Restores },
  { name: '0018-stock-notices', class: StockNotices },
  { name: '0019-ledger-intent', class: LedgerIntent },
  { name: '0020-checkout-ending', class: CheckoutEnding },
];
