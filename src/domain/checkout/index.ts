export { assertAgreedPrice } from './agreed-price.js';
export { acceptCheckout, type Accepted, type CheckoutRequest } from './accept-checkout.js';
export {
  beginAuthorisation,
  begunAuthorisations,
  settleAuthorisation,
  type BegunAuthorisation,
} from './authorise-checkout.js';
export {
  beginCapture,
  confirmDue,
  recordCapture,
  recordCaptureRefused,
  type BegunCapture,
} from './capture-checkout.js';
export { claimsOfOthers } from './claimed-intent.js';
export { closeCheckout, endUnpaid, type Closed } from './end-checkout.js';
export { findCheckoutCart, type CartOwner, type CheckoutCart } from './find-cart.js';
export { findOrphans, type OrphanPage } from './find-orphans.js';
export { placeCheckout, type SecuredPayment } from './place-checkout.js';
export { readContact } from './read-contact.js';
export { readCheckout, readProgress } from './read-checkout.js';
export { reserveCheckout, type ReserveDeps, type Reserved } from './reserve-checkout.js';
export { readUndoing, recordTaken, recordVoided, type Undoing } from './record-voided.js';
export { isDecided, statusOf } from './types.js';
export type * from './types.js';
