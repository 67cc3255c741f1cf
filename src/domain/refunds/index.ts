export { bookFound, findEndedSince, findRefundedOrder } from './book-found.js';
export { findOpenRefunds } from './find-open.js';
export { amountLeft, leftOf, planRefund, totalOf, type GivenParts, type Paid, type Parts } from './plan-refund.js';
export { recordRefund, type RefundAnswer } from './record-refund.js';
export { CLAIMING, requestRefund, type RefundRequest } from './request-refund.js';
export { insertRefund, lockPayment, readGiven, readPaid, readRefund } from './store.js';
export { isSettled, REFUND_REASONS, refundKey } from './types.js';
export type * from './types.js';
