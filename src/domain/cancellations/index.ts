export { cancelledBy, carryOutCancellation, claimOwed, findOpenCancellations } from './carry-out.js';
export { requestCancellation, type CancellationRequest } from './request-cancellation.js';
export { CANCELLATION_REASONS, CUSTOMER_REASONS } from './types.js';
export type * from './types.js';
