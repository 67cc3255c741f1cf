import { z } from 'zod';
import { DomainError, notFound } from '../../domain/kernel/errors.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import { notePaymentEvent, storePaymentEvent, type PaymentGateway } from '../../domain/payments/index.js';
import {
  checkoutWorkflowId,
  paymentEventWorkflowId,
  refundEventWorkflowId,
  type Flows,
} from '../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../endpoint.js';

/** Types of events that speak of a refund. */
const REFUND = /^(refund\.|charge\.refunded$|charge\.refund\.)/;

export interface WebhookRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly flows: Flows;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
}

/**
 * The provider's events: verified over the raw body, stored once, then the flow that waits for them is woken.
 * Anything that fails on the way is answered so that the provider sends the event again.
 */
export function createWebhookRoutes({ transact, query, flows, gateways }: WebhookRouteDeps): Endpoint[] {
  return [
    endpoint({
      method: 'post',
      path: '/webhooks/stripe',
      operationId: 'receiveStripeEvent',
      summary: 'Stripe’s events, signed; 2xx for known and unknown types alike',
      tag: 'webhooks',
      access: 'open',
      rawBody: true,
      // Stripe sends all shops' events from a few addresses; the signature tells who may.
      rateLimit: 'none',
      responses: { 200: z.strictObject({ received: z.literal(true) }) },
      handle: async ({ rawBody, ctx }) => {
        const gateway = gateways.get('stripe');
        if (gateway === undefined) throw notFound('webhook');
        const signature = ctx.get('Stripe-Signature');
        if (signature === '') throw new DomainError('bad_request', 'the Stripe-Signature header is missing');
        const event = gateway.parseEvent(rawBody, signature);
        const { checkoutId, next } =
          event.outcome === null
            ? ({ checkoutId: await query((em) => notePaymentEvent(em, event)), next: 'none' } as const)
            : await transact((em) => storePaymentEvent(em, event));
        if (checkoutId !== null && next === 'wake') await flows.signal(checkoutWorkflowId(checkoutId), 'paymentHeard');
        if (next === 'recheck')
          await flows.start('paymentEvent', paymentEventWorkflowId(event.id), { eventId: event.id });
        // Ours and those of the provider's dashboard alike: its list tells which there are.
        if (checkoutId !== null && REFUND.test(event.type))
          await flows.start('refundEvent', refundEventWorkflowId(event.id), { eventId: event.id });
        return { status: 200, body: { received: true } };
      },
    }),
  ];
}
