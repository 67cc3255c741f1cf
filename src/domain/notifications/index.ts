export {
  CLAIM_MS,
  claimNotification,
  findPendingMessages,
  findUntoldAlerts,
  findUntoldOrders,
  releaseNotification,
  renewClaim,
  type Claim,
  type HeldClaim,
  type Notice,
} from './claim-notification.js';
export {
  DeliveryError,
  MOST_AT_ONCE,
  type Mailer,
  type MailMessage,
  type TextMessage,
  type TextMessenger,
} from './ports.js';
export {
  holdExpiring,
  queueHoldWarning,
  queueOrderNotification,
  queuePaymentReturned,
  queueStockAlert,
  queueStockNotice,
  type Occurrence,
} from './queue-notification.js';
export { listNotifications, readNotification } from './read-log.js';
export { resendNotification, type Resend } from './resend-notification.js';
export { settleNotification, type Settlement } from './settle-notification.js';
export { holdWarningMail } from './templates/hold.js';
export { escapeMarkup, inert } from './templates/inert.js';
export { layout, type Block, type Letter } from './templates/layout.js';
export { orderMail, orderText } from './templates/order.js';
export { RECEIPT_STYLE, receiptPage, type Receipted } from './templates/receipt.js';
export { returnedMail, returnedText } from './templates/returned.js';
export { backInStockMail, lowStockMail } from './templates/stock.js';
export type * from './types.js';
