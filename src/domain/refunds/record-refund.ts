import type { EntityManager } from '@mikro-orm/postgresql';
import { restock } from '../inventory/index.js';
import { unreachable } from '../kernel/errors.js';
import type { Money } from '../kernel/money.js';
import { queueOrderNotification } from '../notifications/index.js';
import { lockOrder, mayBecome, moveOrder, noteOnOrder, reopenOrder, type Actor } from '../orders/index.js';
import { publish } from '../outbox/index.js';
import { recordMovement, recordReversal } from '../payments/index.js';
import { lockPayment, readRefund, type RefundedPayment } from './store.js';
import type { Refund, RefundStatus } from './types.js';

/** What the provider says of a refund. */
export type RefundAnswer =
  | { readonly kind: 'succeeded'; readonly reference: string; readonly amount: Money }
  | { readonly kind: 'pending'; readonly reference: string }
  /** It was made, and the money came back from the bank. */
  | { readonly kind: 'failed'; readonly reference: string; readonly reason: string }
  /** It was never made. */
  | { readonly kind: 'refused'; readonly reason: string };

/** Where an answer leads; every other leads nowhere: a failure stays one, whatever is heard late. */
const NEXT: Readonly<Record<RefundStatus, readonly RefundAnswer['kind'][]>> = {
  requested: ['pending', 'succeeded', 'refused', 'failed'],
  pending: ['succeeded', 'failed', 'refused'],
  succeeded: ['failed'],
  // Only the provider's own list says so, of a refund whose first answer was none.
  refused: ['pending', 'succeeded'],
  failed: [],
};

const PROVIDER: Actor = { type: 'provider' };

/**
 * Writes what became of a refund, once, whoever hears of it: the flow that made it, or the provider's event. Money given is
 * in ledger, payment and order, its goods are on the shelf, and the customer is to be told; money that came back is taken out
 * of them by entries of its own. Order first, then payment, then refund are locked.
 * @returns the state that it has now
 * @throws Error when the provider gave back another amount: a person must look
 */
export async function recordRefund(em: EntityManager, refundId: string, answer: RefundAnswer): Promise<RefundStatus> {
  const { orderId } = await readRefund(em, refundId);
  await lockOrder(em, orderId);
  const payment = await lockPayment(em, orderId);
  const refund = await readRefund(em, refundId);
  if (!NEXT[refund.status].includes(answer.kind)) return refund.status;
  switch (answer.kind) {
    case 'pending':
      await settle(em, refund, 'pending', { reference: answer.reference });
      break;
    case 'succeeded':
      if (answer.amount.amount !== refund.amount.amount || answer.amount.currency !== refund.amount.currency)
        throw new Error(`refund ${refundId}: ${answer.amount.amount} given back, not ${refund.amount.amount}`);
      await settle(em, refund, 'succeeded', { reference: answer.reference });
      await book(em, payment, refund, answer.reference);
      break;
    case 'failed':
      await settle(em, refund, 'failed', { reference: answer.reference, failure: answer.reason });
      if (refund.status === 'succeeded') await unbook(em, payment, refund, answer.reference);
      else await noteOnOrder(em, orderId, 'refund_failed', PROVIDER, noted(refund));
      break;
    case 'refused':
      await settle(em, refund, 'refused', { failure: answer.reason });
      await noteOnOrder(em, orderId, 'refund_refused', PROVIDER, noted(refund));
      break;
    default:
      unreachable(answer);
  }
  return answer.kind;
}

async function settle(
  em: EntityManager,
  { id }: Refund,
  status: RefundStatus,
  { reference = null, failure = null }: { readonly reference?: string | null; readonly failure?: string | null },
): Promise<void> {
  await em.execute(
    `update refunds set status = ?, reference = coalesce(?, reference), failure = ?, updated_at = now(),
       settled_at = case when ? = 'pending' then null else clock_timestamp() end
     where id = ?`,
    [status, reference, failure, status, id],
    'run',
  );
}

async function book(em: EntityManager, payment: RefundedPayment, refund: Refund, reference: string): Promise<void> {
  const { orderId, amount } = refund;
  await recordMovement(em, { ...payment, type: 'refund', reference, amount });
  const all = await movePayment(em, orderId, amount.amount);
  await shelve(em, refund);
  const { status, cancelling } = await lockOrder(em, orderId);
  // A cancelled order stays cancelled: its payment tells that the money went back.
  if (all && status !== 'cancelled' && !cancelling && mayBecome(status, 'refunded'))
    await moveOrder(em, orderId, 'refunded', PROVIDER, { ...noted(refund), from: status });
  else await noteOnOrder(em, orderId, 'refund_made', PROVIDER, noted(refund));
  // The customer of a cancelled order is told of the cancellation, and that the money comes with it.
  if (refund.origin === 'cancellation') return;
  await queueOrderNotification(em, orderId, 'order_refunded', { about: refund.id, refunded: amount });
  await publish(em, { topic: 'order.notification_queued', key: orderId, payload: { orderId } });
}

async function unbook(em: EntityManager, payment: RefundedPayment, refund: Refund, reference: string): Promise<void> {
  const { orderId, amount } = refund;
  await recordReversal(em, { provider: payment.provider, reference });
  await movePayment(em, orderId, -amount.amount);
  await reopenOrder(em, orderId, PROVIDER, noted(refund));
  // To whoever cancelled all is owed again, whoever gave it back: the cancellation goes on.
  const cancelled = await em.execute<unknown[]>(
    'update order_cancellations set ended_at = null where order_id = ? returning order_id',
    [orderId],
  );
  if (cancelled.length > 0)
    await publish(em, { topic: 'order.cancellation_requested', key: orderId, payload: { orderId } });
}

/** @returns whether all money is given back now */
async function movePayment(em: EntityManager, orderId: string, by: number): Promise<boolean> {
  const [row] = await em.execute<{ all: boolean }[]>(
    `update payments set refunded_amount = refunded_amount + ?, updated_at = now(),
       status = case when refunded_amount + ? = captured_amount then 'refunded' else 'captured' end
     where order_id = ? returning refunded_amount = captured_amount as "all"`,
    [by, by, orderId],
  );
  return row?.all === true;
}

/**
 * Goods go back on the shelf with the money, and not before: a refused refund shelves nothing, and one that was refused and made
 * after all only what nobody else has put back meanwhile.
 */
async function shelve(em: EntityManager, refund: Refund): Promise<void> {
  const rows = await em.execute<{ variant_id: string; quantity: number }[]>(
    `with back as (
       select l.id, l.variant_id, least(r.restock, l.quantity - l.restocked) as quantity
       from refund_lines r join order_lines l on l.id = r.order_line_id
       where r.refund_id = ? and least(r.restock, l.quantity - l.restocked) > 0
     ), shelved as (
       update order_lines l set restocked = l.restocked + back.quantity from back where l.id = back.id
     )
     select variant_id, quantity from back`,
    [refund.id],
  );
  const lines = rows.map((row) => ({ variantId: row.variant_id, quantity: row.quantity }));
  if (lines.length > 0) await restock(em, refund.id, lines);
}

const noted = ({ id, amount }: Refund): Readonly<Record<string, unknown>> => ({
  refund_id: id,
  amount: amount.amount,
  currency: amount.currency,
});
