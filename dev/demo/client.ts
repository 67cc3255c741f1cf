import { randomUUID } from 'node:crypto';
import { createPerdureClient, type Schema } from '../../client/index.js';
import type { Answer, AnswerAt, Method, Path, Rest } from './answers.js';
import { CheckFailed } from './checks.js';
import type { Cart, User } from './shapes.js';

export interface Person {
  readonly name: string;
  readonly email: string;
  /** E.164 */
  readonly phone: string;
  readonly password: string;
}

/** One customer's browser: keeps the login and the cart from call to call. */
export interface Browser {
  /** Whatever the answer is. */
  call<M extends Method, P extends Path<M>>(method: M, path: P, ...init: Rest<M, P>): Promise<Answer<M, P>>;
  /** @throws CheckFailed when the answer has another status */
  ask<S extends number, M extends Method, P extends Path<M>>(
    expected: S,
    method: M,
    path: P,
    ...init: Rest<M, P>
  ): Promise<AnswerAt<S, M, P>>;
  register(person: Person): Promise<User>;
  logIn(person: Pick<Person, 'email' | 'password'>): Promise<User>;
  addToCart(variantId: string, quantity: number): Promise<Cart>;
  available(variantId: string): Promise<number>;
}

type Request = (
  method: string,
  path: string,
  init: object,
) => Promise<{ readonly data?: unknown; readonly error?: unknown; readonly response: Response }>;

const ANSWER_WITHIN_MS = 30_000;

export function openBrowser(origin: string): Browser {
  let accessToken: string | null = null;
  let cartToken: string | null = null;

  const client = createPerdureClient({
    baseUrl: origin,
    accessToken: () => accessToken,
    cartToken: () => cartToken,
  });
  // What belongs together is checked where `call` is called.
  const request = client.request as unknown as Request;

  const call: Browser['call'] = async (method, path, ...init) => {
    const { data, error, response } = await request(method, path, {
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
      ...init[0],
    });
    return { status: response.status, body: data ?? error } as Answer<typeof method, typeof path>;
  };

  const ask: Browser['ask'] = async (expected, method, path, ...init) => {
    const answer = await call(method, path, ...init);
    if (answer.status !== expected) throw new CheckFailed(`${method} ${path}`, expected, answer);
    return answer.body as AnswerAt<typeof expected, typeof method, typeof path>;
  };
  return {
    call,
    ask,
    register: ({ name, email, phone, password }) =>
      ask(201, 'POST', '/auth/register', {
        body: {
          email,
          username: `${name.toLowerCase()}-${randomUUID().slice(0, 18)}`,
          password,
          first_name: name,
          phone,
        },
      }),
    async logIn({ email, password }) {
      const { access_token: token, user } = await ask(200, 'POST', '/auth/login', { body: { email, password } });
      accessToken = token;
      return user;
    },
    async addToCart(variantId, quantity) {
      const cart = await ask(200, 'POST', '/cart/items', { body: { variant_id: variantId, quantity } });
      cartToken = cart.cart_token ?? cartToken;
      return cart;
    },
    async available(variantId) {
      const path = { id: variantId };
      return (await ask(200, 'GET', '/variants/{id}/availability', { params: { path } })).available;
    },
  };
}

/** What `POST /checkout` is sent with; `card` is one of the provider's test cards. */
export const checkoutBody = ({ name, email, phone }: Person, card: string) =>
  ({
    email,
    phone,
    shipping_address: {
      name: `${name} Example`,
      line1: '1 Main St',
      city: 'Springfield',
      region: 'IL',
      postal_code: '62701',
      country: 'US',
    },
    shipping_method: 'standard',
    payment: { provider: 'stripe', payment_method: card },
  }) satisfies Schema<'CheckoutRequest'>;
