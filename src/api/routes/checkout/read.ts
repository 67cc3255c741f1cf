import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { isDecided, readCheckout, readProgress, type Checkout } from '../../../domain/checkout/index.js';
import { DomainError, notFound } from '../../../domain/kernel/errors.js';
import { checkoutRecoveryWorkflowId, checkoutWorkflowId } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { addressOf } from '../../middleware/address.js';
import { Id } from '../../openapi/schemas.js';
import { assertOwns, isEventsToken } from './access.js';
import { presentCheckout } from './presenter.js';
import { Checkout as CheckoutSchema } from './schemas.js';
import { clientSecretOf, type CheckoutRouteDeps } from './start.js';
import { createStreams } from './streams.js';

const UNDO_LOOKS = 10;
const UNDO_LOOK_MS = 200;

const ById = z.strictObject({ id: Id });

export function createCheckoutReadRoutes(deps: CheckoutRouteDeps): Endpoint[] {
  const { query, cipher, flows, gateways, now } = deps;
  const openStream = createStreams({ read: (id, afterId) => query((em) => readProgress(em, id, afterId)) });

  return [
    endpoint({
      method: 'get',
      path: '/checkout/:id',
      operationId: 'readCheckout',
      summary: 'Status and steps so far',
      tag: 'checkout',
      access: 'guest',
      orderToken: true,
      params: ById,
      responses: { 200: CheckoutSchema },
      handle: async ({ params: { id }, caller, ctx }) => {
        const checkout = await query((em) => readCheckout(em, id));
        assertOwns(cipher, ctx, caller, { ...checkout, checkoutId: checkout.id }, 'checkout');
        return { status: 200, body: presentCheckout(deps, checkout, await clientSecretOf(gateways, checkout)) };
      },
    }),

    endpoint({
      method: 'delete',
      path: '/checkout/:id',
      operationId: 'cancelCheckout',
      summary: 'Stop the checkout before it is placed; 202 while it is being undone',
      tag: 'checkout',
      access: 'guest',
      orderToken: true,
      params: ById,
      responses: { 200: CheckoutSchema, 202: CheckoutSchema },
      refuses: ['invalid_transition', 'conflict'],
      handle: async ({ params: { id }, caller, ctx }) => {
        const checkout = await query((em) => readCheckout(em, id));
        assertOwns(cipher, ctx, caller, { ...checkout, checkoutId: checkout.id }, 'checkout');
        if (!isDecided(checkout.state) && !(await cancelRunning(id))) await undoByFlow(checkout);
        const after = await query((em) => readCheckout(em, id));
        if (after.state === 'placed')
          throw new DomainError('invalid_transition', 'the order is placed already', { checkoutId: id });
        return { status: isDecided(after.state) ? 200 : 202, body: presentCheckout(deps, after, null) };
      },
    }),

    endpoint({
      method: 'get',
      path: '/checkout/:id/events',
      operationId: 'streamCheckout',
      summary: 'The steps as server-sent events; resumes after Last-Event-ID',
      tag: 'checkout',
      access: 'guest',
      orderToken: true,
      params: ById,
      query: z.strictObject({ events_token: z.string().max(200).optional() }),
      responses: { 200: null },
      handle: async ({ params: { id }, query: { events_token: token }, caller, ctx }) => {
        const checkout = await query((em) => readCheckout(em, id));
        if (token === undefined) assertOwns(cipher, ctx, caller, { ...checkout, checkoutId: checkout.id }, 'checkout');
        else if (!isEventsToken(cipher, token, id, now())) throw notFound('checkout');
        ctx.body = openStream({
          checkoutId: id,
          address: addressOf(ctx),
          afterId: Number(ctx.get('Last-Event-ID')) || 0,
          soFar: checkout,
        });
        ctx.set('Content-Type', 'text/event-stream');
        ctx.set('Cache-Control', 'no-store');
        ctx.set('X-Accel-Buffering', 'no');
        return { status: 200 };
      },
    }),
  ];

  /** @returns false when no flow runs for the checkout */
  async function cancelRunning(checkoutId: string): Promise<boolean> {
    const workflowId = checkoutWorkflowId(checkoutId);
    if ((await flows.state(workflowId)) !== 'running') return false;
    try {
      await flows.update(workflowId, 'cancelCheckout');
      return true;
    } catch (error) {
      const code = error instanceof DomainError ? error.code : null;
      // It ended in between: by itself, or by an operator's hand.
      if (code === 'not_found') return false;
      // Undoing may outlast this request: the row tells.
      if (code === 'temporarily_unavailable') return true;
      throw error;
    }
  }

  /**
   * Has a flow undo what no flow works on, and waits a moment for it. A request undoes nothing itself: another tab may
   * have started the checkout's own flow by now, and what that authorised must be void before the stock goes back.
   */
  async function undoByFlow({ id, orderId, userId }: Checkout): Promise<void> {
    await flows.start(
      'checkout',
      checkoutRecoveryWorkflowId(id),
      { checkoutId: id, recover: 'cancelled' },
      { orderId, customerId: userId },
      { again: true },
    );
    for (let look = 0; look < UNDO_LOOKS; look += 1) {
      await pause(UNDO_LOOK_MS);
      const { state } = await query((em) => readProgress(em, id, 0));
      if (isDecided(state)) return;
    }
  }
}
