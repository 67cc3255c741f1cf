export {
  attemptKey,
  beginAttempt,
  closedBefore,
  settleAttempt,
  settledOutcome,
  toAttempt,
  type Attempt,
  type AttemptRow,
} from './attempts.js';
export { recordMovement, type LedgerEntry } from './ledger.js';
export {
  findEventCheckout,
  hasStoredEvents,
  markEventHandled,
  storePaymentEvent,
  strayIntents,
  type StoredEvent,
} from './payment-events.js';
export type { AuthoriseRequest, PaymentGateway } from './ports.js';
export type * from './types.js';
