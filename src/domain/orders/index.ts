export { createOrder } from './create-order.js';
export { cancelOrder, moveOrder, type Actor } from './move-order.js';
export { newOrderNumber } from './number.js';
export { findOrderOwner, listOrders, orderContext, readOrder, readTimeline } from './read-order.js';
export { assertMayBecome, mayBecome } from './status.js';
export type * from './types.js';
