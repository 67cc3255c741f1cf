import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import {
  closeCheckout,
  endUnpaid,
  isDecided,
  readCheckout,
  readProgress,
  statusOf,
} from '../../../domain/checkout/index.js';
import { DomainError, notFound } from '../../../domain/kernel/errors.js';
import { checkoutWorkflowId } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id } from '../../openapi/schemas.js';
import { assertOwns, isEventsToken } from './access.js';
import { presentCheckout } from './presenter.js';
import { Checkout as CheckoutSchema } from './schemas.js';
import { clientSecretOf, type CheckoutRouteDeps } from './start.js';

const POLL_MS = 1_000;
const KEEP_ALIVE_MS = 15_000;
/** Proxies and browsers reconnect with Last-Event-ID; nothing is lost by ending a stream. */
const LONGEST_STREAM_MS = 15 * 60_000;

const ById = z.strictObject({ id: Id });

export function createCheckoutReadRoutes(deps: CheckoutRouteDeps): Endpoint[] {
  const { transact, query, cipher, flows, gateways, now } = deps;

  /** Ends a checkout that no flow works on: its row closes first, so a flow that starts late refuses and undoes its own. */
  const endWithoutFlow = (checkoutId: string): Promise<void> =>
    transact(async (em) => {
      const { placed } = await closeCheckout(em, checkoutId);
      if (placed) throw new DomainError('invalid_transition', 'the order is placed already', { checkoutId });
      const { state } = await readCheckout(em, checkoutId);
      if (state === 'accepted') await endUnpaid(em, checkoutId, 'cancelled', { code: 'cancelled', data: {} });
    });

  return [
    endpoint({
      method: 'get',
      path: '/checkout/:id',
      operationId: 'readCheckout',
      summary: 'Status and steps so far',
      tag: 'checkout',
      access: 'guest',
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
      params: ById,
      responses: { 200: CheckoutSchema, 202: CheckoutSchema },
      handle: async ({ params: { id }, caller, ctx }) => {
        const checkout = await query((em) => readCheckout(em, id));
        assertOwns(cipher, ctx, caller, { ...checkout, checkoutId: checkout.id }, 'checkout');
        if (checkout.state === 'placed')
          throw new DomainError('invalid_transition', 'the order is placed already', { checkoutId: id });
        if (!isDecided(checkout.state)) {
          const workflowId = checkoutWorkflowId(id);
          if ((await flows.state(workflowId)) === 'running') await cancelRunning(workflowId);
          else if (checkout.state === 'accepted') await endWithoutFlow(id);
        }
        const after = await query((em) => readCheckout(em, id));
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
      params: ById,
      query: z.strictObject({ events_token: z.string().max(200).optional() }),
      responses: { 200: null },
      handle: async ({ params: { id }, query: { events_token: token }, caller, ctx }) => {
        const checkout = await query((em) => readCheckout(em, id));
        if (token === undefined) assertOwns(cipher, ctx, caller, { ...checkout, checkoutId: checkout.id }, 'checkout');
        else if (!isEventsToken(cipher, token, id, now())) throw notFound('checkout');
        const stream = new PassThrough();
        ctx.set('Content-Type', 'text/event-stream');
        ctx.set('Cache-Control', 'no-store');
        ctx.set('X-Accel-Buffering', 'no');
        ctx.body = stream;
        void follow(id, Number(ctx.get('Last-Event-ID')) || 0, stream);
        return { status: 200 };
      },
    }),
  ];

  async function cancelRunning(workflowId: string): Promise<void> {
    try {
      await flows.update(workflowId, 'cancelCheckout');
    } catch (error) {
      // Undoing may outlast this request, and the flow may have ended in between: the row tells.
      if (!(error instanceof DomainError) || (error.code !== 'temporarily_unavailable' && error.code !== 'not_found'))
        throw error;
    }
  }

  /** Writes steps as they are committed, until the checkout is decided or the client leaves. */
  async function follow(checkoutId: string, afterId: number, stream: PassThrough): Promise<void> {
    const until = Date.now() + LONGEST_STREAM_MS;
    let last = afterId;
    let quietSince = Date.now();
    try {
      while (!stream.destroyed && Date.now() < until) {
        const { state, steps } = await query((em) => readProgress(em, checkoutId, last));
        for (const { id, step, at } of steps) {
          stream.write(`id: ${id}\nevent: ${step}\ndata: ${JSON.stringify({ step, status: statusOf(state), at })}\n\n`);
          last = id;
          quietSince = Date.now();
        }
        if (isDecided(state)) break;
        if (Date.now() - quietSince > KEEP_ALIVE_MS) {
          stream.write(': still here\n\n');
          quietSince = Date.now();
        }
        await pause(POLL_MS);
      }
    } catch {
      // An outage ends the stream; the client comes back with Last-Event-ID.
    }
    stream.end();
  }
}
