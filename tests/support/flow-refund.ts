import { requestCancellation } from '../../src/domain/cancellations/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { requestRefund, type RefundWish } from '../../src/domain/refunds/index.js';
import { cancelOrderWorkflowId, refundEventWorkflowId, refundWorkflowId } from '../../src/workflows/contracts.js';
import { intentOf, type Purchase } from './flow-checkout.js';
import type { FlowWorld } from './flow-world.js';

type Asking = Pick<FlowWorld, 'shop' | 'transact'> & {
  readonly start: (...flow: Parameters<FlowWorld['start']>) => Promise<unknown>;
};

interface Starting {
  /** False: as if the outbox had started it and somebody ended it. */
  readonly start?: boolean;
}

/** The customer cancels; answers the flow that does it. */
export async function cancelling(
  world: Asking,
  { orderId }: Purchase,
  { start = true }: Starting = {},
): Promise<string> {
  const request = {
    orderId,
    reason: 'changed_mind',
    actor: { type: 'guest' },
    requestId: 'r',
    ifVersion: null,
  } as const;
  await world.transact((em) => requestCancellation(em, request));
  const workflowId = cancelOrderWorkflowId(orderId);
  if (start) await world.start('cancelOrder', workflowId, { orderId });
  return workflowId;
}

/** Staff give money back; answers the flow that does it. */
export async function askedBack(
  world: Asking,
  { orderId }: Purchase,
  wish: RefundWish,
  { start = true }: Starting = {},
): Promise<string> {
  const [refundId, userId] = [newId(), await world.shop.user({ roles: ['staff'] })];
  const request = { refundId, orderId, wish, reason: 'goodwill', userId, requestId: 'r', ifVersion: null } as const;
  await world.transact((em) => requestRefund(em, request));
  if (start) await world.start('refund', refundWorkflowId(refundId), { refundId });
  return refundWorkflowId(refundId);
}

/** The bank answers a refund that waits for it. */
export async function settleRefund(
  world: FlowWorld,
  { orderId }: Purchase,
  status: 'succeeded' | 'failed',
): Promise<void> {
  let reference: string | null = null;
  await world.until(
    async () => {
      const [row] = await world.shop.rows<{ reference: string | null }>(
        'select reference from refunds where order_id = ? and reference is not null order by id desc limit 1',
        [orderId],
      );
      reference = row?.reference ?? null;
      return reference !== null;
    },
    'a refund at the provider',
    0,
  );
  await world.stripe.post(`/test/refunds/${reference ?? ''}/settle`, { status });
}

/** The provider tells of it, as the webhook does; answers the flow that books it. */
export async function heardOfRefunds(
  world: Pick<FlowWorld, 'shop' | 'start'>,
  { checkoutId }: Purchase,
): Promise<string> {
  const eventId = `evt_${newId()}`;
  await world.shop.run(
    `insert into payment_events (id, provider, type, intent_id, checkout_id, created_at) values (?, 'stripe', 'refund.updated', ?, ?, now())`,
    [eventId, await intentOf(world, checkoutId), checkoutId],
  );
  return (await world.start('refundEvent', refundEventWorkflowId(eventId), { eventId })).workflowId;
}
