import { z } from 'zod';
import type { EntityManager } from '@mikro-orm/postgresql';
import {
  addItem,
  clearCart,
  MOST_OF_ONE,
  noCart,
  readCart,
  removeLine,
  setQuantity,
  showCart,
  type Cart,
  type CartCache,
  type CartLine,
  type CartProblem,
} from '../../domain/cart/index.js';
import type { Query, Transact } from '../../domain/kernel/transact.js';
import { endpoint, type Endpoint, type Reply } from '../endpoint.js';
import { etag, readIfMatch } from '../if-match.js';
import { Id, Instant, Money } from '../openapi/schemas.js';
import { AdjustmentSchema, presentAdjustment } from './pricing.js';

const Quantity = z.int().min(1).max(MOST_OF_ONE);

const Problem = z
  .discriminatedUnion('code', [
    z.strictObject({ code: z.literal('price_changed'), line_id: Id, previous: Money, current: Money }),
    z.strictObject({ code: z.literal('out_of_stock'), line_id: Id, available: z.int() }),
    z.strictObject({ code: z.literal('unavailable'), line_id: Id }),
  ])
  .meta({ id: 'CartProblem' });

const Line = z
  .strictObject({
    id: Id,
    variant_id: Id,
    sku: z.string(),
    title: z.string(),
    quantity: Quantity,
    unit_price: Money,
    line_total: Money,
    adjustments: z.array(AdjustmentSchema),
    problems: z.array(Problem),
  })
  .meta({ id: 'CartLine' });

const CartSchema = z
  .strictObject({
    id: Id.nullable(),
    status: z.enum(['open', 'ordered']),
    lines: z.array(Line),
    subtotal: Money,
    currency: z.string(),
    problems: z.array(Problem),
    version: z.int(),
    order_id: Id.nullable(),
    checkout_id: Id.optional().meta({ description: 'while a checkout is open; the cart cannot be changed then' }),
    reservation: z.strictObject({ expires_at: Instant }).nullable(),
    cart_token: z
      .string()
      .optional()
      .meta({ description: 'told once, when a guest cart is created: send it as X-Cart-Token' }),
  })
  .meta({ id: 'Cart' });

export interface CartRoutesDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly cartCache: CartCache;
  readonly shop: { readonly currency: string };
}

export function createCartRoutes({
  transact,
  query,
  cartCache: cache,
  shop: { currency },
}: CartRoutesDeps): Endpoint[] {
  /** Makes a change that answers a cart's id; null where there is no cart. */
  async function change(
    make: (em: EntityManager) => Promise<{ readonly cartId: string | null; readonly token?: string | null }>,
  ): Promise<Reply> {
    const { changed, token } = await transact(async (em) => {
      const { cartId, token = null } = await make(em);
      return { changed: cartId === null ? null : await showCart(em, cartId), token };
    });
    if (changed === null) return reply(noCart(currency), null);
    if (changed.cart.id !== null) await cache.keep(changed.cart.id, changed.entry);
    return reply(changed.cart, token);
  }
  const lineParams = z.strictObject({ id: Id });
  const shared = {
    tag: 'cart',
    access: 'guest',
    responses: { 200: CartSchema },
    refuses: ['checkout_in_progress', 'conflict', 'not_found', 'precondition_failed'],
  } as const;
  return [
    endpoint({
      ...shared,
      method: 'get',
      path: '/cart',
      operationId: 'getCart',
      summary: "The caller's cart at today's prices; empty where there is none yet",
      handle: async ({ caller }) => reply(await readCart({ query, cache, currency }, caller), null),
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/cart/items',
      operationId: 'addCartItem',
      summary: 'Add a variant, on top of what the cart has of it; makes a cart where there is none',
      body: z.strictObject({ variant_id: Id, quantity: Quantity.default(1) }),
      idempotency: 'optional',
      handle: ({ caller, body, claim, ctx }) =>
        change((em) =>
          addItem(em, {
            caller,
            variantId: body.variant_id,
            quantity: body.quantity,
            currency,
            ifMatch: readIfMatch(ctx),
            claim,
          }),
        ),
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: '/cart/items/:id',
      operationId: 'setCartItemQuantity',
      summary: "Set a line's quantity; also accepts a changed price",
      params: lineParams,
      body: z.strictObject({ quantity: Quantity }),
      handle: ({ caller, params, body, ctx }) =>
        change(async (em) => ({
          cartId: await setQuantity(em, {
            caller,
            lineId: params.id,
            quantity: body.quantity,
            ifMatch: readIfMatch(ctx),
          }),
        })),
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: '/cart/items/:id',
      operationId: 'removeCartItem',
      summary: 'Remove a line',
      params: lineParams,
      handle: ({ caller, params, ctx }) =>
        change(async (em) => ({
          cartId: await removeLine(em, { caller, lineId: params.id, ifMatch: readIfMatch(ctx) }),
        })),
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: '/cart',
      operationId: 'clearCart',
      summary: 'Remove every line',
      handle: ({ caller, ctx }) =>
        change(async (em) => ({ cartId: await clearCart(em, { caller, ifMatch: readIfMatch(ctx) }) })),
    }),
  ];
}

const reply = (cart: Cart, token: string | null): Reply => ({
  status: 200,
  body: { ...presentCart(cart), ...(token === null ? {} : { cart_token: token }) },
  headers: { ETag: etag(cart.version), ...(token === null ? {} : { 'X-Cart-Token': token }) },
});

const presentCart = (cart: Cart): z.input<typeof CartSchema> => ({
  id: cart.id,
  status: cart.status,
  lines: cart.lines.map((line) => presentLine(line, cart.problems)),
  subtotal: cart.subtotal,
  currency: cart.currency,
  problems: cart.problems.map(presentProblem),
  version: cart.version,
  order_id: cart.orderId,
  ...(cart.checkoutId === null ? {} : { checkout_id: cart.checkoutId }),
  reservation: cart.heldUntil === null ? null : { expires_at: cart.heldUntil },
});

const presentLine = (line: CartLine, problems: readonly CartProblem[]): z.input<typeof Line> => ({
  id: line.id,
  variant_id: line.variantId,
  sku: line.sku,
  title: line.title,
  quantity: line.quantity,
  unit_price: line.unitPrice,
  line_total: line.lineTotal,
  adjustments: line.adjustments.map(presentAdjustment),
  problems: problems.filter((problem) => problem.lineId === line.id).map(presentProblem),
});

function presentProblem(problem: CartProblem): z.input<typeof Problem> {
  switch (problem.code) {
    case 'price_changed':
      return { code: problem.code, line_id: problem.lineId, previous: problem.previous, current: problem.current };
    case 'out_of_stock':
      return { code: problem.code, line_id: problem.lineId, available: problem.available };
    case 'unavailable':
      return { code: problem.code, line_id: problem.lineId };
  }
}
