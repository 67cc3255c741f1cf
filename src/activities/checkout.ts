import { cancelledBy } from '../domain/cancellations/index.js';
import {
  beginCapture,
  closeCheckout,
  confirmDue,
  endUnpaid,
  findOrphans,
  placeCheckout,
  recordCapture,
  recordCaptureRefused,
  reserveCheckout,
  type Closed,
  type Failure,
  type Orphan,
  type OrphanPage,
  type Reserved,
  type SecuredPayment,
  type UnpaidEnding,
  type UnpaidStatus,
} from '../domain/checkout/index.js';
import type { Clock } from '../domain/kernel/clock.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import { queueOrderNotification } from '../domain/notifications/index.js';
import type { CaptureOutcome, PaymentGateway } from '../domain/payments/index.js';
import { gatewayOf } from './payments.js';

export interface CheckoutActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
  readonly now: Clock;
  readonly reservationMs: number;
  readonly pricesIncludeTax: boolean;
}

/** Before the authorisation's end, capture gives up, so that the order is cancelled in time. */
const CAPTURE_MARGIN_MS = 60 * 60_000;

interface ById {
  readonly checkoutId: string;
}

export interface Captured {
  readonly orderId: string;
  /** False: the money could not be had, or was not wanted any more, and the order is cancelled. */
  readonly captured: boolean;
  readonly code?: 'order_cancelled';
}

export function createCheckoutActivities(deps: CheckoutActivityDeps) {
  const { transact, query, gateways, now } = deps;
  return {
    /** Local. Takes stock for the whole cart and freezes its price. */
    reserveStock: ({ checkoutId }: ById): Promise<Reserved> => transact((em) => reserveCheckout(em, deps, checkoutId)),

    /** Local. Order, payment, stock and cart in one transaction. */
    placeOrder: ({ checkoutId, payment }: ById & { readonly payment: SecuredPayment }): Promise<{ orderId: string }> =>
      transact((em) => placeCheckout(em, checkoutId, payment)),

    /** Takes the money that was authorised; the order is confirmed by it, or cancelled by a definite refusal. */
    capturePayment: async ({ checkoutId }: ById): Promise<Captured> => {
      const capture = await query((em) => beginCapture(em, checkoutId));
      const { orderId } = capture;
      if (capture.status === 'captured' || capture.status === 'refunded') return { orderId, captured: true };
      if (capture.status === 'failed') return { orderId, captured: false };
      if (capture.status === 'voided') return { orderId, captured: false, code: 'order_cancelled' };
      if (capture.status === 'due') {
        await transact(async (em) => {
          if ((await confirmDue(em, capture)).first) await queueOrderNotification(em, orderId, 'order_confirmed');
        });
        return { orderId, captured: true };
      }
      const gateway = gatewayOf(gateways, capture.provider);
      const { intentId, amount, authorisedUntil, unwanted } = capture;
      const taken = async (outcome: Extract<CaptureOutcome, { kind: 'captured' }>): Promise<Captured> => {
        await transact(async (em) => {
          const { first } = await recordCapture(em, checkoutId, capture, outcome);
          if (first) await queueOrderNotification(em, orderId, 'order_confirmed');
        });
        return { orderId, captured: true };
      };
      const outcome = unwanted
        ? ({ kind: 'refused', reason: 'order_cancelled' } as const)
        : await gateway.capture({ key: capture.attempt.key, intentId, amount });
      if (outcome.kind === 'captured') return taken(outcome);
      const late = authorisedUntil !== null && Date.parse(authorisedUntil) - now().getTime() < CAPTURE_MARGIN_MS;
      if (outcome.kind === 'unknown' && !late) throw new Error(`capture: ${outcome.reason}`);
      // Nothing may be taken once the order is cancelled: the hold on the money ends first.
      const ended = await gateway.void({ key: `${capture.attempt.key}:void`, intentId });
      if (ended.kind === 'unknown') throw new Error(`void after a refused capture: ${ended.reason}`);
      // An earlier call came through: the cancellation gives the money back.
      if (ended.kind === 'captured' && unwanted) return taken(ended);
      if (ended.kind === 'captured') throw new Error('the payment was captured after all');
      await transact(async (em) => {
        const { first } = await recordCaptureRefused(em, checkoutId, capture, outcome.reason);
        const details = unwanted ? await cancelledBy(em, orderId) : {};
        if (first) await queueOrderNotification(em, orderId, 'order_cancelled', details);
      });
      return { orderId, captured: false, ...(unwanted ? { code: 'order_cancelled' } : {}) };
    },

    /** Local. From here on nothing can begin for this checkout, and it is said how it ends. */
    closeCheckout: ({ checkoutId, ending }: ById & { readonly ending?: UnpaidEnding }): Promise<Closed> =>
      transact((em) => closeCheckout(em, checkoutId, ending)),

    /** Local. Gives the stock back, frees the cart and writes how it ended. */
    releaseStock: ({
      checkoutId,
      status,
      failure,
    }: ById & { readonly status: UnpaidStatus; readonly failure: Failure }): Promise<void> =>
      transact((em) => endUnpaid(em, checkoutId, status, failure)),

    /** Checkouts past their time, for the sweep. */
    findOverdueCheckouts: (page: OrphanPage): Promise<Orphan[]> => query((em) => findOrphans(em, page)),
  };
}

export type CheckoutActivities = ReturnType<typeof createCheckoutActivities>;
