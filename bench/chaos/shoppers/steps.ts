import { randomUUID } from 'node:crypto';
import type { Schema } from '../../../client/index.js';
import type { Answer } from '../../../dev/demo/answers.js';
import { checkoutBody } from '../../../dev/demo/client.js';
import type { Cart, Order } from '../../../dev/demo/shapes.js';
import { dataOf, type Browser } from './browser.js';
import { searchFor } from './shelf.js';
import { watches, watchSteps } from './watch.js';
import { ask, askFrom, eventually, expect, newKey, think, unexpected, type Visit } from './visit.js';

export const CARD = {
  good: 'pm_card_visa',
  declined: 'pm_card_visa_chargeDeclined',
  challenge: 'pm_card_threeDSecure2Required',
};

export interface Wanted {
  readonly variantId: string;
  readonly quantity: number;
}

/** How a checkout went, as far as the shopper was told. */
export type Ending =
  | { readonly status: 'placed'; readonly order: Order; readonly orderToken: string }
  | {
      readonly status: 'requires_action';
      readonly checkoutId: string;
      readonly intentId: string;
      readonly orderToken: string;
    }
  | { readonly status: 'declined' | 'expired' | 'cancelled' | 'refused'; readonly code: string };

type Body = Schema<'CheckoutRequest'>;
type Started = Answer<'POST', '/checkout'>;

/** What a shop may refuse a cart for that was good when it was filled. */
const SOLD_OUT = ['out_of_stock', 'price_changed', 'cart_problem'];

export async function look(visit: Visit): Promise<void> {
  const { random, shelf } = visit;
  if (random.next() < 0.5) {
    const query = { q: searchFor(random), limit: '20' } as const;
    await expect(visit, 200, 'GET', '/products/search', { params: { query } });
    await think(visit);
  }
  const path = { idOrSlug: shelf.pick(random).slug };
  await expect(visit, 200, 'GET', '/products/{idOrSlug}', { params: { path } });
  await think(visit);
}

/** Puts one or two things into the cart; answers all that is in it. */
export async function fill(visit: Visit): Promise<readonly Wanted[]> {
  const { random, shelf, browser } = visit;
  let cart: Cart | null = null;
  for (let left = random.between(1, 2); left > 0; left -= 1) {
    const { slug, variantId } = shelf.pick(random);
    await expect(visit, 200, 'GET', '/products/{idOrSlug}', { params: { path: { idOrSlug: slug } } });
    await think(visit);
    cart = await expect(visit, 200, 'POST', '/cart/items', {
      params: { header: newKey() },
      body: { variant_id: variantId, quantity: random.between(1, 2) },
    });
    browser.cartToken = cart.cart_token ?? browser.cartToken;
    await think(visit);
  }
  return contentOf(cart);
}

export const contentOf = (cart: Cart | null): Wanted[] =>
  (cart?.lines ?? []).map(({ variant_id: variantId, quantity }) => ({ variantId, quantity }));

export async function signUp(visit: Visit): Promise<void> {
  const { name, email, phone, password } = visit.me;
  const username = `${name.toLowerCase()}-${randomUUID().slice(0, 18)}`;
  const answer = await ask(visit, 'POST', '/auth/register', {
    body: { email, username, password, first_name: name, phone },
  });
  // The first request may have been done without its answer having arrived.
  if (answer.status !== 201 && !(answer.status === 409 && answer.body.error.code === 'email_taken'))
    unexpected(visit, 'POST /auth/register', answer);
  await logIn(visit, visit.browser, password);
}

export async function logIn(visit: Visit, browser: Browser, password: string): Promise<void> {
  const answer = await askFrom(visit, browser, 'POST', '/auth/login', { body: { email: visit.me.email, password } });
  if (answer.status !== 200) return unexpected(visit, 'POST /auth/login', answer);
  browser.accessToken = answer.body.access_token;
}

export const bodyFor = ({ me }: Visit, card: string): Body => checkoutBody(me, card);

export interface Submit {
  readonly browser?: Browser;
  /** With a key of its own unless told otherwise; a repeat has the same. */
  readonly headers?: { readonly 'Idempotency-Key'?: string };
  /** Refusals that this habit may also meet. */
  readonly may?: readonly string[];
}

/** Submits the cart and waits until it is decided, or the bank wants to see the shopper. @throws GaveUp, Surprised */
export async function checkOut(visit: Visit, body: Body, options: Submit = {}): Promise<Ending> {
  const { browser = visit.browser, headers = newKey(), may = [] } = options;
  const answer = await askFrom(visit, browser, 'POST', '/checkout', { params: { header: headers }, body });
  return endingOf(visit, browser, answer, may);
}

export async function endingOf(
  visit: Visit,
  browser: Browser,
  answer: Started,
  may: readonly string[] = [],
): Promise<Ending> {
  if (answer.status === 201) return placed(visit, answer.body, answer.body.order_token ?? '');
  if (answer.status === 202) {
    const { checkout_id: checkoutId, order_token: orderToken } = answer.body;
    visit.tell({ what: 'accepted', checkoutId });
    return follow(visit, browser, checkoutId, orderToken);
  }
  const code = answer.body?.error.code ?? '';
  const id = dataOf(answer)['checkout_id'];
  const about = typeof id === 'string' ? { checkoutId: id } : {};
  if (code === 'card_declined') {
    visit.tell({ what: 'declined', ...about });
    return { status: 'declined', code };
  }
  // It was decided meanwhile, as a repeat is told.
  if (code === 'invalid_transition' && typeof id === 'string') return follow(visit, browser, id, '');
  if (!SOLD_OUT.includes(code) && !may.includes(code)) unexpected(visit, 'POST /checkout', answer);
  if (!may.includes(code)) visit.tell({ what: 'refused', ...about });
  return { status: 'refused', code };
}

/** Looks at a checkout until there is an end to tell, or something for the shopper to do. */
export async function follow(
  visit: Visit,
  browser: Browser,
  checkoutId: string,
  orderToken: string,
  { acted = false }: { readonly acted?: boolean } = {},
): Promise<Ending> {
  const header = orderToken === '' ? {} : { 'X-Order-Token': orderToken };
  if (orderToken !== '' && watches(checkoutId)) await watchSteps(visit, browser, { checkoutId, orderToken, acted });
  return eventually(`GET /checkout/{id}`, async (): Promise<Ending | null> => {
    const answer = await askFrom(visit, browser, 'GET', '/checkout/{id}', {
      params: { path: { id: checkoutId } },
      headers: header,
    });
    if (answer.status !== 200) return unexpected(visit, 'GET /checkout/{id}', answer);
    const { status, order_id: orderId, failure, client_secret: secret, order_token: token } = answer.body;
    if (status === 'placed') return placed(visit, await readOrder(visit, browser, orderId ?? '', token), token);
    if (status === 'requires_action' && !acted && secret !== undefined)
      return { status, checkoutId, intentId: secret.split('_secret_')[0] ?? '', orderToken: token };
    if (status === 'failed') return failed(visit, checkoutId, failure?.code ?? '');
    if (status !== 'expired' && status !== 'cancelled') return null;
    visit.tell({ what: status, checkoutId });
    return { status, code: failure?.code ?? '' };
  });
}

function failed(visit: Visit, checkoutId: string, code: string): Ending {
  if (code !== 'card_declined' && !SOLD_OUT.includes(code))
    visit.surprise('GET /checkout/{id}', `checkout ${checkoutId} failed with ${code}`);
  const what = code === 'card_declined' ? 'declined' : 'refused';
  visit.tell({ what, checkoutId });
  return { status: what, code };
}

export async function readOrder(visit: Visit, browser: Browser, id: string, orderToken: string): Promise<Order> {
  const answer = await askFrom(visit, browser, 'GET', '/orders/{id}', {
    params: { path: { id } },
    headers: orderToken === '' ? {} : { 'X-Order-Token': orderToken },
  });
  return answer.status === 200 ? answer.body : unexpected(visit, 'GET /orders/{id}', answer);
}

function placed(visit: Visit, order: Order, orderToken: string): Ending {
  visit.tell({ what: 'placed', orderId: order.id, amount: order.total.amount });
  return { status: 'placed', order, orderToken };
}

/** Whether an order is of these things, whatever their sequence. @throws Surprised */
export function assertIsOf(visit: Visit, ending: Ending, wanted: readonly Wanted[]): void {
  if (ending.status !== 'placed') return;
  const written = (lines: readonly Wanted[]): string =>
    lines
      .map(({ variantId, quantity }) => `${quantity} ${variantId}`)
      .toSorted()
      .join(', ');
  const ordered = ending.order.items.map(({ variant_id: variantId, quantity }) => ({ variantId, quantity }));
  if (written(ordered) !== written(wanted))
    visit.surprise(
      'POST /checkout',
      `order ${ending.order.id} is of ${written(ordered)}, the cart was of ${written(wanted)}`,
    );
}
