import type { z } from 'zod';
import {
  acceptCheckout,
  assertAgreedPrice,
  findCheckoutCart,
  isDecided,
  readCheckout,
  type Accepted,
  type Checkout,
  type CheckoutCart,
} from '../../../domain/checkout/index.js';
import { hashBody } from '../../../domain/idempotency/index.js';
import type { Cipher } from '../../../domain/kernel/cipher.js';
import { DomainError, isErrorCode, type ErrorCode } from '../../../domain/kernel/errors.js';
import { createSlots } from '../../../domain/kernel/slots.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import { readOrder, type Contact } from '../../../domain/orders/index.js';
import { assertPayable, type PaymentGateway } from '../../../domain/payments/index.js';
import { precheckCart } from '../../../domain/pricing/index.js';
import { readAccount, type Caller } from '../../../domain/users/index.js';
import { checkoutWorkflowId, type Flows } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint, type Reply } from '../../endpoint.js';
import { etag } from '../../if-match.js';
import type { LimitAbuse } from '../../limit-abuse.js';
import { addressOf } from '../../middleware/address.js';
import { Order } from '../orders.js';
import { orderToken, ownerOf } from './access.js';
import { createOwnCart } from './own-cart.js';
import { presentCheckout, presentOrder } from './presenter.js';
import { Checkout as CheckoutSchema, CheckoutBody } from './schemas.js';
import { toldFailure } from './told-failure.js';

export interface CheckoutRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cipher: Cipher;
  readonly flows: Flows;
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
  readonly now: () => Date;
  readonly limitAbuse: LimitAbuse;
  readonly config: {
    readonly shop: { readonly pricesIncludeTax: boolean };
    readonly http: { readonly rateLimits: boolean };
  };
}

/** How long a client waits for the order before it is told to look again. */
const WAIT_MS = 3_000;

/** Checkouts that a process starts at once: more of them would only be slower together. */
const MOST_STARTING = 16;
/** How long one waits for its turn; with the waiting for its flow it stays below the time-out of requests. */
const TURN_MS = 8_000;

type Body = z.output<typeof CheckoutBody>;

export function createStartCheckoutRoute(deps: CheckoutRouteDeps): Endpoint {
  const { transact, query, cipher, flows, gateways, limitAbuse } = deps;
  const starting = createSlots(MOST_STARTING);
  const ownCart = createOwnCart(deps);

  async function precheck(cart: CheckoutCart, body: Body): Promise<void> {
    const { quote, shortages } = await query((em) =>
      precheckCart(em, {
        cartId: cart.id,
        country: body.shipping_address.country,
        shippingMethod: body.shipping_method,
        pricesIncludeTax: deps.config.shop.pricesIncludeTax,
      }),
    );
    if (shortages.length > 0)
      throw new DomainError('out_of_stock', 'not enough stock', {
        variants: shortages.map(({ variantId, available }) => ({ variantId, available })),
      });
    assertAgreedPrice(quote, body.expected_total ?? null);
    assertPayable(gateways.get(body.payment.provider)?.limits, body.shipping_address.country, quote.total);
  }

  /**
   * Lets a cart be bought when it is its turn, unless a read can tell that its flow would only fail: whoever waited sees
   * what those before have left. Should another tab have submitted the cart meanwhile, this one joins that checkout.
   * @throws DomainError `temporarily_unavailable` when its turn does not come in time
   */
  async function inTurn(caller: Caller, cart: CheckoutCart, body: Body, buy: () => Promise<Reply>): Promise<Reply> {
    const leave = await starting.enter(TURN_MS);
    try {
      if (leave === null)
        throw new DomainError('temporarily_unavailable', 'too many checkouts are being started; please repeat it');
      await precheck(cart, body);
    } catch (error) {
      leave?.();
      const now = await query((em) => findCheckoutCart(em, ownerOf(caller)));
      if (now?.id === cart.id && isFresh(now)) throw error;
      return buy();
    }
    return buy().finally(leave);
  }

  async function contactOf(caller: Caller, body: Body): Promise<Contact> {
    const own = caller.kind === 'user' ? await query((em) => readAccount(em, cipher, caller.userId)) : null;
    const email = body.email ?? own?.email;
    if (email === undefined)
      throw new DomainError('validation_failed', 'guests must give an e-mail address', {}, [
        { field: 'email', message: 'is required of guests' },
      ]);
    return { email: email.toLowerCase(), phone: body.phone ?? own?.phone ?? null };
  }

  /** Waits for the flow, then answers from rows: an update's answer may be older than they are. */
  async function outcomeOf({ checkoutId, orderId, userId, kind }: Accepted): Promise<Reply> {
    // Nothing is decided yet of a row that this request has written.
    const before = kind === 'accepted' ? null : await query((em) => readCheckout(em, checkoutId));
    if (before !== null && isDecided(before.state)) return reply(before);
    const answer = await flows.checkoutOutcome(checkoutId, { orderId, customerId: userId }, WAIT_MS);
    // What is placed stays placed.
    if (answer.kind === 'outcome' && answer.outcome.status === 'placed') return placed(checkoutId, orderId);
    const after = await query((em) => readCheckout(em, checkoutId));
    if (isDecided(after.state) || answer.kind === 'outcome') return reply(after);
    const state = await flows.state(checkoutWorkflowId(checkoutId));
    if (state === 'absent')
      throw new DomainError('temporarily_unavailable', 'the checkout could not be started; please repeat it');
    return reply(after);
  }

  async function placed(checkoutId: string, orderId: string): Promise<Reply> {
    const order = await query((em) => readOrder(em, cipher, orderId));
    return {
      status: 201,
      body: presentOrder(order, orderToken(cipher, checkoutId)),
      headers: { Location: `/api/v1/orders/${order.id}`, ETag: etag(order.version) },
    };
  }

  async function reply(checkout: Checkout): Promise<Reply> {
    if (checkout.state === 'placed') return placed(checkout.id, checkout.orderId);
    if (isDecided(checkout.state)) throw refusalOf(checkout);
    return {
      status: 202,
      body: presentCheckout(deps, checkout, await clientSecretOf(gateways, checkout)),
      headers: { Location: `/api/v1/checkout/${checkout.id}` },
    };
  }

  return endpoint({
    method: 'post',
    path: '/checkout',
    operationId: 'startCheckout',
    summary: 'Buy the cart: 201 with the order, or 202 while the customer or the provider has something to do',
    tag: 'checkout',
    access: 'guest',
    body: CheckoutBody,
    idempotency: 'optional',
    responses: { 201: Order, 202: CheckoutSchema },
    refuses: [
      'card_declined',
      'cart_empty',
      'cart_problem',
      'checkout_in_progress',
      'conflict',
      'hold_limit',
      'invalid_transition',
      'not_found',
      'out_of_stock',
      'payment_failed',
      'price_changed',
      'payment_unavailable',
      'shipping_unavailable',
    ],
    handle: async ({ caller, body, claim, idempotencyKey, ctx }) => {
      if (!gateways.has(body.payment.provider))
        throw new DomainError('validation_failed', 'there is no such payment provider', {}, [
          { field: 'payment.provider', message: 'is not one of GET /payment-options' },
        ]);
      const cart = await ownCart(caller, idempotencyKey);
      if (cart === null) throw new DomainError('cart_empty', 'there is no cart to check out');
      const contact = await contactOf(caller, body);
      const payer = { caller, address: addressOf(ctx) };
      const buy = async (): Promise<Reply> => {
        const accepted = await transact((em) =>
          acceptCheckout(em, cipher, {
            cartId: cart.id,
            bodyHash: hashBody(body),
            contact,
            shippingAddress: body.shipping_address,
            billingAddress: body.billing_address ?? null,
            shippingMethod: body.shipping_method,
            provider: body.payment.provider,
            paymentMethod: body.payment.payment_method ?? null,
            expectedTotal: body.expected_total ?? null,
            addressIndex:
              caller.kind === 'guest' && deps.config.http.rateLimits
                ? cipher.blindIndex(addressOf(ctx), 'checkouts.address')
                : null,
            claim,
          }),
        );
        try {
          return await outcomeOf(accepted);
        } catch (error) {
          if (accepted.kind === 'accepted' && error instanceof DomainError && error.code === 'card_declined')
            await limitAbuse.count('card', payer);
          throw error;
        }
      };
      // A key that was used names an earlier request, whatever the cart looks like now.
      if (!isFresh(cart) || cart.keyUsed) return buy();
      await limitAbuse.assertFew('card', payer);
      return inTurn(caller, cart, body, buy);
    },
  });
}

/** Nobody has submitted it yet. */
const isFresh = (cart: CheckoutCart): boolean => cart.status === 'open' && !cart.underWay;

/** The secret for the customer's browser; null where there is nothing to do, or the provider cannot be asked now. */
export async function clientSecretOf(
  gateways: ReadonlyMap<string, PaymentGateway>,
  checkout: Checkout,
): Promise<string | null> {
  if (checkout.state !== 'requires_action' || checkout.closing || checkout.intentId === null) return null;
  try {
    return (await gateways.get(checkout.provider)?.clientSecret(checkout.intentId)) ?? null;
  } catch {
    // The client may read the checkout again; the flow goes on either way.
    return null;
  }
}

const MESSAGES: Partial<Record<ErrorCode, string>> = {
  card_declined: 'the payment was declined',
  out_of_stock: 'not enough stock',
  price_changed: 'the price has changed',
  payment_unavailable: 'this total cannot be paid in this way',
};

/** How an unpaid checkout is told: by the code it failed with. */
function refusalOf({ id, state, ...checkout }: Checkout): DomainError {
  const failure = checkout.failure === null ? null : toldFailure(checkout.failure);
  const code = failure?.code;
  if (state === 'failed' && isErrorCode(code))
    return new DomainError(code, MESSAGES[code] ?? 'the checkout failed', { ...failure?.data, checkoutId: id });
  return new DomainError('invalid_transition', `the checkout is ${state}`, { checkoutId: id });
}
