import type { z } from 'zod';
import { hashCartToken, mergeCarts } from '../../../domain/cart/index.js';
import {
  acceptCheckout,
  assertAgreedPrice,
  findCheckoutCart,
  isDecided,
  readCheckout,
  type CartOwner,
  type Checkout,
  type CheckoutCart,
} from '../../../domain/checkout/index.js';
import { hashBody } from '../../../domain/idempotency/index.js';
import type { Cipher } from '../../../domain/kernel/cipher.js';
import { DomainError, ERROR_CODES, type ErrorCode } from '../../../domain/kernel/errors.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import { readOrder, type Contact } from '../../../domain/orders/index.js';
import type { PaymentGateway } from '../../../domain/payments/index.js';
import { precheckCart } from '../../../domain/pricing/index.js';
import { readAccount, type Caller } from '../../../domain/users/index.js';
import { callerKey } from '../../../domain/users/types.js';
import { checkoutWorkflowId, type Flows } from '../../../workflows/contracts.js';
import { endpoint, type Endpoint, type Reply } from '../../endpoint.js';
import { addressOf } from '../../middleware/address.js';
import { Order } from '../orders.js';
import { orderToken } from './access.js';
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
  readonly config: {
    readonly shop: { readonly pricesIncludeTax: boolean };
    readonly http: { readonly rateLimits: boolean };
  };
}

/** How long a client waits for the order before it is told to look again. */
const WAIT_MS = 3_000;

type Body = z.output<typeof CheckoutBody>;

export function createStartCheckoutRoute(deps: CheckoutRouteDeps): Endpoint {
  const { transact, query, cipher, flows, gateways } = deps;

  /** A customer buys a guest cart they still hold as their own, so that the order is theirs. */
  async function cartOf(caller: Caller, key: string | null): Promise<CheckoutCart> {
    const used = key === null ? null : { caller: callerKey(caller), key };
    const find = () => query((em) => findCheckoutCart(em, ownerOf(caller), used));
    let cart = await find();
    if (caller.kind === 'user' && caller.cartToken !== null && cart?.userId === null && !cart.underWay) {
      const merge = { userId: caller.userId, cartToken: caller.cartToken };
      if ((await transact((em) => mergeCarts(em, merge))) !== null) cart = await find();
    }
    if (cart === null) throw new DomainError('cart_empty', 'there is no cart to check out');
    return cart;
  }

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
  async function outcomeOf(accepted: {
    checkoutId: string;
    orderId: string;
    userId: string | null;
  }): Promise<Checkout> {
    const { checkoutId, orderId, userId } = accepted;
    const before = await query((em) => readCheckout(em, checkoutId));
    if (isDecided(before.state)) return before;
    const answer = await flows.checkoutOutcome(checkoutId, { orderId, customerId: userId }, WAIT_MS);
    const after = await query((em) => readCheckout(em, checkoutId));
    if (isDecided(after.state) || answer.kind === 'outcome') return after;
    const state = await flows.state(checkoutWorkflowId(checkoutId));
    if (state === 'absent')
      throw new DomainError('temporarily_unavailable', 'the checkout could not be started; please repeat it');
    return after;
  }

  async function reply(checkout: Checkout): Promise<Reply> {
    if (checkout.state === 'placed') {
      const order = await query((em) => readOrder(em, cipher, checkout.orderId));
      return {
        status: 201,
        body: presentOrder(order, orderToken(cipher, checkout.id)),
        headers: { Location: `/api/v1/orders/${order.id}`, ETag: `"${order.version}"` },
      };
    }
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
    handle: async ({ caller, body, claim, idempotencyKey, ctx }) => {
      if (!gateways.has(body.payment.provider))
        throw new DomainError('validation_failed', 'there is no such payment provider', {}, [
          { field: 'payment.provider', message: 'is not one of GET /payment-options' },
        ]);
      const cart = await cartOf(caller, idempotencyKey);
      const contact = await contactOf(caller, body);
      // A key that was used names an earlier request, whatever the cart looks like now.
      if (cart.status === 'open' && !cart.underWay && !cart.keyUsed) await precheck(cart, body);
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
      return reply(await outcomeOf(accepted));
    },
  });
}

export function ownerOf(caller: Caller): CartOwner {
  const tokenHash = caller.cartToken === null ? null : hashCartToken(caller.cartToken);
  if (caller.kind === 'user') return { userId: caller.userId, tokenHash };
  if (tokenHash === null)
    throw new DomainError('cart_empty', 'there is no cart to check out: send its X-Cart-Token or log in');
  return { userId: null, tokenHash };
}

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
};

/** How an unpaid checkout is told: by the code it failed with. */
function refusalOf({ id, state, ...checkout }: Checkout): DomainError {
  const failure = checkout.failure === null ? null : toldFailure(checkout.failure);
  const code = failure?.code;
  if (state === 'failed' && isErrorCode(code))
    return new DomainError(code, MESSAGES[code] ?? 'the checkout failed', { ...failure?.data, checkoutId: id });
  return new DomainError('invalid_transition', `the checkout is ${state}`, { checkoutId: id });
}

const isErrorCode = (code: string | undefined): code is ErrorCode => (ERROR_CODES as readonly unknown[]).includes(code);
