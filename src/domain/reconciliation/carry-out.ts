import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { beginCapture, recordCapture } from '../checkout/index.js';
import { bookMissingMovement, countReservedAgain } from '../inventory/index.js';
import { queueOrderNotification } from '../notifications/index.js';
import { publish } from '../outbox/index.js';
import { recordMovement } from '../payments/index.js';
import type { Money } from '../kernel/money.js';
import { lockDifference, settleDifference } from './store.js';
import type { Difference } from './types.js';

/** A movement that the provider told of. */
interface Told {
  readonly type: 'capture' | 'refund';
  readonly reference: string;
  readonly amount: Money;
}

/**
 * Mends a difference inside the database, looking once more under the locks that everybody takes. Idempotent. Those that need
 * somebody outside are prepared by the activity and end in `noteMended`.
 * @returns false when its action is not done here
 * @throws whatever stands against it; nothing is changed then
 */
export async function carryOut(em: EntityManager, differenceId: string): Promise<boolean> {
  const difference = await lockDifference(em, differenceId);
  if (difference === null || !isDue(difference)) return true;
  switch (difference.action) {
    case 'count_again': {
      const counted = await countReservedAgain(em, need(difference.subject, 'variant'));
      await (counted === null
        ? settleDifference(em, differenceId, 'gone')
        : mended(em, difference, { before: counted.before, after: counted.after }));
      return true;
    }
    case 'book_movement': {
      const delta = Number(difference.expected['movements']) - Number(difference.found['movements']);
      const booked = await bookMissingMovement(em, {
        variantId: need(difference.subject, 'variant'),
        delta,
        note: `reconciliation ${differenceId}`,
        actorId: difference.decidedBy,
      });
      // Other figures than were approved: the next run shows those that are there then.
      await (booked
        ? mended(em, difference, { delta })
        : settleDifference(em, differenceId, 'awaiting_approval', 'changed'));
      return true;
    }
    case 'book_capture':
      await bookCapture(em, difference);
      return true;
    case 'book_both':
      for (const { type, reference, amount } of toldIn(difference))
        await recordMovement(em, {
          checkoutId: need(difference.subject, 'checkout'),
          provider: need(difference.subject, 'provider'),
          intentId: need(difference.subject, 'intent'),
          type,
          reference,
          amount,
        });
      await mended(em, difference);
      return true;
    case 'index': {
      const product = need(difference.subject, 'product');
      await publish(em, { topic: 'search.products', key: product, payload: { product_ids: [product] } });
      await mended(em, difference);
      return true;
    }
    default:
      return false;
  }
}

/** It was mended with somebody outside; `book` writes down what that did. */
export async function noteMended(
  em: EntityManager,
  differenceId: string,
  book: (em: EntityManager) => Promise<unknown> = async () => undefined,
): Promise<void> {
  await book(em);
  const difference = await lockDifference(em, differenceId);
  if (difference !== null && isDue(difference)) await mended(em, difference);
}

/** Why it could not be mended: it stays open, and others go on; what was approved has to be approved anew. */
export async function noteFailure(em: EntityManager, differenceId: string, failure: string): Promise<void> {
  const difference = await lockDifference(em, differenceId);
  if (difference === null || !isDue(difference)) return;
  await settleDifference(em, differenceId, difference.state === 'open' ? 'open' : 'awaiting_approval', failure);
}

const isDue = ({ state }: Difference): boolean => state === 'open' || state === 'approved';

async function mended(em: EntityManager, difference: Difference, data: Record<string, number> = {}): Promise<void> {
  const { id, kind, subject, decidedBy } = difference;
  await settleDifference(em, id, 'repaired');
  await writeAudit(em, {
    actor: decidedBy === null ? { type: 'system' } : { type: 'user', id: decidedBy },
    action: 'difference.repaired',
    object: { type: 'difference', id },
    data: { kind, ...subject, ...data },
  });
}

/** As the flow would have done it that asked for the money. */
async function bookCapture(em: EntityManager, difference: Difference): Promise<void> {
  const checkoutId = need(difference.subject, 'checkout');
  const taken = toldIn(difference).find(({ type }) => type === 'capture');
  if (taken === undefined) throw new Error('the difference names no capture');
  const capture = await beginCapture(em, checkoutId);
  const { first } = await recordCapture(em, checkoutId, capture, {
    kind: 'captured',
    chargeId: taken.reference,
    amount: taken.amount,
  });
  if (first) {
    await queueOrderNotification(em, capture.orderId, 'order_confirmed');
    await publish(em, {
      topic: 'order.notification_queued',
      key: capture.orderId,
      payload: { orderId: capture.orderId },
    });
  }
  await mended(em, difference);
}

/** The provider's movements, as they were written into the difference. */
function toldIn({ expected }: Difference): Told[] {
  return String(expected['movements'])
    .split('; ')
    .map((movement) => {
      const [type, reference, amount, currency] = movement.split(' ');
      if ((type !== 'capture' && type !== 'refund') || reference === undefined || currency === undefined)
        throw new Error('the difference names no movement');
      return { type, reference, amount: { amount: Number(amount), currency } };
    });
}

export function need(subject: Difference['subject'], name: string): string {
  const value = subject[name];
  if (value === undefined) throw new Error(`the difference names no ${name}`);
  return value;
}
