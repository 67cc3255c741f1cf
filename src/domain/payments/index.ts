export {
  attemptKey,
  closedBefore,
  SETTLEMENT,
  settledOutcome,
  settlementOf,
  toAttempt,
  type Attempt,
  type AttemptRow,
} from './attempts.js';
export { collectDue } from './collect-due.js';
export { findReturned, MOVEMENT, movementOf, recordMovement, recordReversal } from './ledger.js';
export {
  findEventCheckout,
  findEventIntent,
  hasStoredEvents,
  markEventHandled,
  paidIntents,
  notePaymentEvent,
  storePaymentEvent,
  strayIntents,
  type StoredEvent,
} from './payment-events.js';
export { assertPayable, takes } from './limits.js';
export { BOOKED, TOLD, toldRows, written } from './statements.js';
export type { AuthoriseRequest, PaymentGateway, PaymentLimits, PaymentStatement, PaymentStatements } from './ports.js';
export type * from './types.js';
