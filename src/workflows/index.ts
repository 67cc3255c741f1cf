/** Every flow, by the name under which it is started; the entry of the workflow bundle. */
export { backInStock } from './back-in-stock.js';
export { cancelOrder } from './cancel-order.js';
export { catalogueImport } from './catalogue-import.js';
export { checkout } from './checkout/checkout.js';
export { confirmEmail } from './confirm-email.js';
export { lowStock } from './low-stock.js';
export { notify } from './notify.js';
export { passwordReset } from './password-reset.js';
export { paymentEvent } from './payment-event.js';
export { reconciliation, reconciliationRepair } from './reconciliation.js';
export { refund } from './refund.js';
export { refundEvent } from './refund-event.js';
export { reservationExpiry, reservationSweep } from './reservation-expiry.js';
export { searchIndex, searchRebuild } from './search-index.js';
