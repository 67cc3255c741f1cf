import { z } from 'zod';
import { findCheckoutCart } from '../../domain/checkout/index.js';
import { extendHold, holdCart, releaseHold, type Hold } from '../../domain/holds/index.js';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { notFound } from '../../domain/kernel/errors.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import type { Caller } from '../../domain/users/index.js';
import { reservationExpiryWorkflowId, type Flows } from '../../workflows/contracts.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { LimitAbuse } from '../limit-abuse.js';
import { addressOf } from '../middleware/address.js';
import { Id, Instant } from '../openapi/schemas.js';
import { ownerOf } from './checkout/access.js';
import { createOwnCart } from './checkout/own-cart.js';

export interface ReservationRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly flows: Flows;
  readonly limitAbuse: LimitAbuse;
  readonly config: {
    readonly checkout: { readonly holdMs: number };
    readonly http: { readonly rateLimits: boolean };
  };
}

const Reservation = z.strictObject({ id: Id, expires_at: Instant, extended: z.boolean() }).meta({ id: 'Reservation' });

const presentHold = (hold: Hold) => ({ id: hold.id, expires_at: hold.expiresAt, extended: hold.extended });

/** Holds of a whole cart's stock, for a few minutes before payment. */
export function createReservationRoutes(deps: ReservationRouteDeps): Endpoint[] {
  const { transact, query, cipher, flows, limitAbuse } = deps;
  const ownCart = createOwnCart(deps);
  const { holdMs } = deps.config.checkout;
  const { rateLimits } = deps.config.http;

  const cartOf = async (caller: Caller): Promise<string> => {
    const cart = await query((em) => findCheckoutCart(em, ownerOf(caller)));
    if (cart?.status !== 'open') throw notFound('cart');
    return cart.id;
  };

  return [
    endpoint({
      method: 'post',
      path: '/cart/reservation',
      operationId: 'holdCart',
      summary: 'Hold the cart’s stock before payment; a live hold is answered as it is',
      tag: 'cart',
      access: 'guest',
      idempotency: 'optional',
      responses: { 201: Reservation },
      refuses: [
        'cart_empty',
        'cart_problem',
        'checkout_in_progress',
        'conflict',
        'hold_limit',
        'not_found',
        'out_of_stock',
        'precondition_failed',
      ],
      handle: async ({ caller, claim, ctx }) => {
        const cart = await ownCart(caller, null);
        if (cart?.status !== 'open') throw notFound('cart');
        const holder = { caller, address: addressOf(ctx) };
        await limitAbuse.assertFew('hold', holder);
        const address = rateLimits ? cipher.blindIndex(holder.address, 'cart_holds.address') : null;
        const { hold, first } = await transact(async (em) => {
          // A cart has one live hold: that, not the key, makes a repeat harmless.
          const hold = await holdCart(em, cart.id, holdMs, address);
          return { hold, first: await claim(em, hold.id) };
        });
        if (hold.made) await limitAbuse.count('hold', holder);
        // Should this fail, the sweep ends the hold.
        await flows.start('reservationExpiry', reservationExpiryWorkflowId(hold.id), { holdId: hold.id });
        const body = presentHold(hold);
        // The hold that the key once made may be over, and this another.
        return first.resourceId === hold.id ? { status: 201, body } : { status: 201, body, replayed: false };
      },
    }),
    endpoint({
      method: 'patch',
      path: '/cart/reservation',
      operationId: 'extendHold',
      summary: 'Extend the hold, once',
      tag: 'cart',
      access: 'guest',
      responses: { 200: Reservation },
      refuses: ['cart_empty', 'conflict', 'invalid_transition', 'not_found'],
      handle: async ({ caller }) => {
        const cartId = await cartOf(caller);
        const hold = await transact((em) => extendHold(em, cartId, holdMs));
        await wake(hold.id);
        return { status: 200, body: presentHold(hold) };
      },
    }),
    endpoint({
      method: 'delete',
      path: '/cart/reservation',
      operationId: 'releaseHold',
      summary: 'Give the held stock back',
      tag: 'cart',
      access: 'guest',
      responses: { 204: null },
      refuses: ['cart_empty', 'conflict', 'invalid_transition', 'not_found'],
      handle: async ({ caller }) => {
        const cartId = await cartOf(caller);
        const { holdId } = await transact((em) => releaseHold(em, cartId));
        await wake(holdId);
        return { status: 204 };
      },
    }),
  ];

  /** A flow that misses this finds out by the database's clock at its next wake-up. */
  async function wake(holdId: string): Promise<void> {
    await flows.signal(reservationExpiryWorkflowId(holdId), 'holdChanged').catch(() => false);
  }
}
