import { carryOutCancellation, claimOwed, findOpenCancellations } from '../domain/cancellations/index.js';
import type { OpenCancellation } from '../domain/cancellations/index.js';
import type { Query, Transact } from '../domain/kernel/transact.js';
import {
  findEventIntent,
  markEventHandled,
  type PaymentGateway,
  type RefundOutcome,
} from '../domain/payments/index.js';
import {
  bookFound,
  findEndedSince,
  findOpenRefunds,
  findRefundedOrder,
  isSettled,
  readRefund,
  recordRefund,
  refundKey,
  type OpenRefund,
  type RefundAnswer,
  type RefundStatus,
} from '../domain/refunds/index.js';
import { cancelOrderWorkflowId, refundWorkflowId } from '../workflows/contracts.js';
import { gatewayOf } from './payments.js';
import { createReturnAgain } from './return-money.js';

export interface RefundActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
}

interface Page {
  readonly limit: number;
  readonly after: string | null;
}

export interface GivenBack {
  readonly orderId: string;
  readonly status: RefundStatus;
}

/** Money that goes back to customers of placed orders. */
export function createRefundActivities({ transact, query, gateways }: RefundActivityDeps) {
  const returnAgain = createReturnAgain({ transact, query, gatewayOf: (provider) => gatewayOf(gateways, provider) });
  return {
    /**
     * Gives a refund's money back, or asks what became of it: at most once for its key, however often it is called. The row
     * stands before the call, so a lost answer is looked for under the same key. One of the provider's dashboard was made
     * already, under no key of ours: it is only asked after.
     */
    giveBack: async ({ refundId }: { readonly refundId: string }): Promise<GivenBack> => {
      const { orderId, provider, intentId, amount, reason, status, origin, reference } = await query((em) =>
        readRefund(em, refundId),
      );
      if (isSettled(status)) return { orderId, status };
      const gateway = gatewayOf(gateways, provider);
      if (origin === 'provider') {
        const found = (await gateway.refundsOf(intentId))?.find((each) => each.reference === reference);
        if (found === undefined) throw new Error('the provider does not list the refund');
        await transact((em) => bookFound(em, orderId, found));
        return { orderId, status: (await query((em) => readRefund(em, refundId))).status };
      }
      const answer = known(await gateway.refund({ key: refundKey(refundId), intentId, amount, reason }));
      return { orderId, status: await transact((em) => recordRefund(em, refundId, answer)) };
    },

    /**
     * The provider told of a refund: all refunds of that payment are booked as the provider has them now. Answers which flows may wait.
     * No flow waits for one of money without an order, so it is given anew right here when its bank sent it back.
     */
    bookRefunds: async ({ eventId }: { readonly eventId: string }): Promise<{ waiting: string[] }> => {
      const event = await query((em) => findEventIntent(em, eventId));
      const orderId = event === null ? null : await query((em) => findRefundedOrder(em, event));
      if (event === null || orderId === null) {
        if (event !== null) await returnAgain(event);
        await query((em) => markEventHandled(em, eventId));
        return { waiting: [] };
      }
      const found = await gatewayOf(gateways, event.provider).refundsOf(event.intentId);
      if (found === null) throw new Error('the provider does not list its refunds');
      for (const each of found) await transact((em) => bookFound(em, orderId, each));
      const ended = await query((em) => findEndedSince(em, orderId, eventId));
      await query((em) => markEventHandled(em, eventId));
      const flowOf = ({ id, origin }: (typeof ended)[number]): string =>
        origin === 'cancellation' ? cancelOrderWorkflowId(orderId) : refundWorkflowId(id);
      return { waiting: [...new Set(ended.map(flowOf))] };
    },

    /** Cancels an order once its payment is settled; its goods go back on the shelf. */
    carryOutCancellation: ({ orderId }: { readonly orderId: string }): Promise<void> =>
      transact((em) => carryOutCancellation(em, orderId)),

    /** The refund of what is still owed to a cancellation's customer; null: nothing is. */
    claimOwed: ({ orderId }: { readonly orderId: string }): Promise<string | null> =>
      transact((em) => claimOwed(em, orderId)),

    /** For the sweep. */
    findOpenCancellations: (page: Page): Promise<OpenCancellation[]> => query((em) => findOpenCancellations(em, page)),

    /** For the sweep. */
    findOpenRefunds: (page: Page): Promise<OpenRefund[]> => query((em) => findOpenRefunds(em, page)),
  };
}

export type RefundActivities = ReturnType<typeof createRefundActivities>;

/** @throws Error, retried with the same key, when the provider gave no definite answer */
function known(outcome: RefundOutcome): RefundAnswer {
  switch (outcome.kind) {
    case 'refunded':
      return { kind: 'succeeded', reference: outcome.refundId, amount: outcome.amount };
    case 'pending':
      return { kind: 'pending', reference: outcome.refundId };
    case 'refused':
      return outcome.refundId === undefined
        ? { kind: 'refused', reason: outcome.reason }
        : { kind: 'failed', reference: outcome.refundId, reason: outcome.reason };
    case 'unknown':
      throw new Error(`refund: ${outcome.reason}`);
  }
}
