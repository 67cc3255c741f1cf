export { createOrder } from './create-order.js';
export { confirmOrder, deliverOrder, shipOrder, type Fulfilment } from './fulfil-order.js';
export { listAllOrders, listOrders, type OrderFilter } from './list-orders.js';
export {
  assertVersion,
  cancelOrder,
  isCancelling,
  lockOrder,
  moveOrder,
  noteOnOrder,
  reopenOrder,
  type Actor,
} from './move-order.js';
export { newOrderNumber } from './number.js';
export { findOrderOwner, orderContext, readCurrency, readOrder, readRefundOf, readTimeline } from './read-order.js';
export { assertMayBecome, mayBecome } from './status.js';
export type * from './types.js';
