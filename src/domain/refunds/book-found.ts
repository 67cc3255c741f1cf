import type { EntityManager } from '@mikro-orm/postgresql';
import { isId, newId } from '../kernel/ids.js';
import { lockOrder } from '../orders/index.js';
import type { FoundRefund } from '../payments/index.js';
import { LEFT_ALONE } from './find-open.js';
import { amountLeft, leftOf, planRefund } from './plan-refund.js';
import { recordRefund, type RefundAnswer } from './record-refund.js';
import { CLAIMING } from './request-refund.js';
import type { Refund } from './types.js';
import { findRefund, insertRefund, lockPayment, readGiven, readPaid } from './store.js';

/** The order whose payment an intent is; null for all others, such as those of a checkout that was undone. */
export async function findRefundedOrder(
  em: EntityManager,
  { provider, intentId }: { readonly provider: string; readonly intentId: string },
): Promise<string | null> {
  const [row] = await em.execute<{ order_id: string }[]>(
    'select order_id from payments where provider = ? and intent_id = ?',
    [provider, intentId],
  );
  return row?.order_id ?? null;
}

/** Writes down a refund that the provider has: ours, coming back, or one that was made in its dashboard. Idempotent. */
export async function bookFound(em: EntityManager, orderId: string, found: FoundRefund): Promise<void> {
  const { reference } = found;
  await lockOrder(em, orderId);
  const known = await findRefund(em, { orderId, refundId: idOf(found.key), reference });
  if (known !== null) {
    await recordRefund(em, known.id, answerOf(found));
    return;
  }
  // It failed before we heard of it.
  if (found.status === 'failed') return;
  const payment = await lockPayment(em, orderId);
  const refundId = newId();
  const parts = await partsOf(em, orderId, found.amount.amount);
  await insertRefund(em, {
    id: refundId,
    payment,
    origin: 'provider',
    reason: 'made_at_provider',
    parts,
    reference,
    actor: { type: 'provider' },
  });
  await recordRefund(em, refundId, answerOf(found));
}

/**
 * Refunds of the order that ended since an event was heard: flows may wait for them. The same for whoever asks again, so that
 * one who booked them and died wakes them all the same. Those of the dashboard have a flow only once the sweep gave them one.
 */
export const findEndedSince = (
  em: EntityManager,
  orderId: string,
  eventId: string,
): Promise<Pick<Refund, 'id' | 'origin'>[]> =>
  em.execute<Pick<Refund, 'id' | 'origin'>[]>(
    `select r.id, r.origin from refunds r join payment_events e on e.id = ?
     where r.order_id = ? and r.settled_at >= e.received_at
       and (r.origin <> 'provider' or r.settled_at > r.created_at + ${LEFT_ALONE})
     order by r.id`,
    [eventId, orderId],
  );

/**
 * Out of what nobody claims; where that is too little, out of what claims have not got yet: of them the provider will refuse
 * what is too much.
 */
async function partsOf(em: EntityManager, orderId: string, amount: number) {
  const paid = await readPaid(em, orderId);
  const claimed = await readGiven(em, orderId, CLAIMING);
  const enough = amount <= amountLeft(leftOf(paid, claimed));
  const given = enough ? claimed : await readGiven(em, orderId, ['pending', 'succeeded']);
  return planRefund(paid, given, { kind: 'amount', amount });
}

function answerOf({ status, reference, amount, reason }: FoundRefund): RefundAnswer {
  if (status === 'succeeded') return { kind: 'succeeded', reference, amount };
  return status === 'pending' ? { kind: 'pending', reference } : { kind: 'failed', reference, reason };
}

function idOf(key: string | null): string | null {
  const id = key?.startsWith('refund:') === true ? key.slice('refund:'.length) : '';
  return isId(id) ? id : null;
}
