import { randomUUID } from 'node:crypto';
import Stripe from 'stripe';
import { checkoutBody, type Person } from '../../dev/demo/client.js';
import { newPerson } from '../../dev/demo/visit.js';
import type { OpenShop } from './open-shop.js';
import { until } from './until.js';

/** What a shop depends on, beside its payment provider. */
export type Dependency = 'postgres' | 'temporal' | 'redis' | 'elasticsearch' | 'mail' | 'sms';

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; text is sent as it is. */
  readonly body?: unknown;
  /** The statuses of a whole answer. */
  readonly answers: readonly number[];
  /** Without these the call is refused, to be repeated later; without the others it is answered. */
  readonly needs: readonly Dependency[];
  /** What it answers is the same before, during and after an outage. */
  readonly reads?: boolean;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

const ANSWER_WITHIN_MS = 40_000;

export async function ask(origin: string, { method, path, headers = {}, body }: Call): Promise<Answer> {
  const response = await fetch(`${origin}${path.startsWith('/health') ? path : `/api/v1${path}`}`, {
    method,
    headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  return {
    status: response.status,
    retryAfter: response.headers.get('Retry-After'),
    body: JSON.parse(await response.text()) as Answer['body'],
  };
}

/** `answered`, `unavailable` as the conventions say it is told, or what is wrong with the answer. */
export function verdict({ answers }: Call, { status, retryAfter, body }: Answer): string {
  if (answers.includes(status)) return 'answered';
  if (status !== 503) return `${status} ${JSON.stringify(body)}`;
  if (!/^[1-9]\d*$/.test(retryAfter ?? '')) return '503 without Retry-After';
  // The one answer that says which of the services is away.
  if (body['status'] === 'unavailable') return 'unavailable';
  const { code, request_id: requestId } = (body['error'] ?? {}) as Record<string, unknown>;
  const told = (code === 'temporarily_unavailable' || code === 'request_timeout') && typeof requestId === 'string';
  return told ? 'unavailable' : `503 ${JSON.stringify(body)}`;
}

/** The provider tells of a payment that is none of ours. */
function event(secret: string): Call {
  const object = {
    object: 'payment_intent',
    amount: 100,
    currency: 'usd',
    status: 'requires_capture',
    created: 1,
    metadata: {},
  };
  const payload = JSON.stringify({
    id: `evt_${randomUUID()}`,
    object: 'event',
    type: 'payment_intent.amount_capturable_updated',
    created: Math.floor(Date.now() / 1_000),
    data: { object: { ...object, id: `pi_${randomUUID()}`, latest_charge: null, last_payment_error: null } },
  });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
  return {
    method: 'POST',
    path: '/webhooks/stripe',
    headers: { 'Stripe-Signature': signature },
    body: payload,
    answers: [200],
    needs: ['postgres'],
  };
}

/** Customers in the middle of everything that the main calls are about, each with something of their own. */
export async function prepare(
  shop: OpenShop,
  goods: { readonly slug: string; readonly variantId: string },
  staff: string,
) {
  const { origin } = shop;
  const add = (headers: Call['headers'] = {}): Call => ({
    method: 'POST',
    path: '/cart/items',
    headers,
    body: { variant_id: goods.variantId, quantity: 1 },
    answers: [200],
    needs: ['postgres'],
  });
  const done = async (call: Call): Promise<Record<string, unknown>> => {
    const answer = await ask(origin, call);
    if (!call.answers.includes(answer.status)) throw new Error(`${call.path}: ${verdict(call, answer)}`);
    return answer.body;
  };
  const filled = async () => {
    const { id, cart_token: token } = await done(add());
    return { id: String(id), headers: { 'X-Cart-Token': String(token) } };
  };
  type Filled = Awaited<ReturnType<typeof filled>>;
  const keyed = (headers: Call['headers'] = {}) => ({ headers: { ...headers, 'Idempotency-Key': randomUUID() } });
  const buy = ({ headers }: Filled, who: Person): Call => ({
    method: 'POST',
    path: '/checkout',
    ...keyed(headers),
    body: checkoutBody(who, 'pm_card_visa'),
    answers: [201, 202],
    needs: ['postgres', 'temporal'],
  });
  const ordered = async (who: Person) => {
    const cart = await filled();
    // A busy machine answers before the order stands; a repeat joins it.
    const { id, order_token: token } = await until(
      'the order',
      () => done({ ...buy(cart, who), headers: cart.headers }),
      (body) => body['id'] !== undefined,
    );
    return { id: String(id), headers: { 'X-Order-Token': String(token) } };
  };
  const account = (who: Person): Call => ({
    method: 'POST',
    path: '/auth/register',
    body: { email: who.email, username: `u-${randomUUID().slice(0, 18)}`, password: who.password },
    answers: [201],
    needs: ['postgres'],
  });

  const people = ['Ada', 'Ben', 'Cleo', 'Dan', 'Eve', 'Fay'].map(newPerson) as [
    Person,
    Person,
    Person,
    Person,
    Person,
    Person,
  ];
  const [ada, ben, cleo, dan, eve, fay] = people;
  const [looked, growing, bought] = [await filled(), await filled(), await filled()];
  const [held, underWay] = [await filled(), await filled()];
  const [kept, refunded] = [await ordered(ada), await ordered(ben)];
  await done(account(eve));

  const get = (path: string, needs: Call['needs'] = ['postgres'], headers: Call['headers'] = {}): Call => ({
    method: 'GET',
    path,
    headers,
    answers: [200],
    needs,
  });
  const post = (path: string, body: unknown, change: Partial<Call>): Call => ({
    method: 'POST',
    path,
    body,
    answers: [200],
    needs: ['postgres'],
    ...change,
  });
  const calls: Record<string, Call> = {
    list: { ...get('/products?limit=5'), reads: true },
    product: get(`/products/${goods.slug}`),
    search: get('/products/search?q=lamp'),
    price: { ...get(`/variants/${goods.variantId}/price?quantity=3`), reads: true },
    'cart read': { ...get('/cart', ['postgres'], looked.headers), reads: true },
    'order read': get(`/orders/${refunded.id}`, ['postgres'], refunded.headers),
    'cart add': { ...add(), ...keyed(growing.headers) },
    checkout: buy(bought, cleo),
    hold: post('/cart/reservation', undefined, {
      ...keyed(held.headers),
      answers: [201],
      needs: ['postgres', 'temporal'],
    }),
    register: account(fay),
    login: post('/auth/login', { email: eve.email, password: eve.password }, {}),
    'reset request': post(
      '/auth/password-reset',
      { email: eve.email },
      { answers: [202], needs: ['postgres', 'temporal'] },
    ),
    cancel: post(`/orders/${kept.id}/cancel`, {}, { ...keyed(kept.headers), answers: [200, 202] }),
    refund: post(
      `/admin/orders/${refunded.id}/refunds`,
      { shipping: true },
      { ...keyed({ Authorization: staff }), answers: [202] },
    ),
    'provider’s event': event(shop.secrets.webhookSecret),
    'orders of staff': get('/admin/orders?limit=3', ['postgres'], { Authorization: staff }),
    'flows of staff': get('/admin/flows?limit=3', ['postgres', 'temporal'], { Authorization: staff }),
    live: get('/health/live', []),
    ready: get('/health/ready', ['postgres', 'temporal']),
  };
  return {
    calls,
    /** A checkout that is begun before the outage. */
    begun: buy(underWay, dan),
    carts: [bought.id, underWay.id],
    orders: { kept: kept.id, refunded: refunded.id },
    buyers: { cleo, dan },
    /** Who asks for a password, and who only just registered. */
    accounts: { eve, fay },
  };
}

export type Prepared = Awaited<ReturnType<typeof prepare>>;
