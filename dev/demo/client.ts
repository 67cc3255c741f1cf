import { randomUUID } from 'node:crypto';
import { CheckFailed } from './checks.js';
import type { Cart, User } from './shapes.js';

export interface Answer<T> {
  readonly status: number;
  readonly body: T;
}

export interface Person {
  readonly name: string;
  readonly email: string;
  /** E.164 */
  readonly phone: string;
  readonly password: string;
}

type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** One customer's browser: keeps the login and the cart from call to call. */
export interface Browser {
  /** Whatever the answer is. */
  call<T>(method: Method, path: string, body?: unknown): Promise<Answer<T>>;
  /** @throws CheckFailed when the answer has another status */
  ask<T>(expected: number, method: Method, path: string, body?: unknown): Promise<T>;
  register(person: Person): Promise<User>;
  logIn(person: Pick<Person, 'email' | 'password'>): Promise<User>;
  addToCart(variantId: string, quantity: number): Promise<Cart>;
  available(variantId: string): Promise<number>;
}

const ANSWER_WITHIN_MS = 30_000;

export function openBrowser(origin: string): Browser {
  let accessToken: string | null = null;
  let cartToken: string | null = null;

  async function call<T>(method: Method, path: string, body?: unknown): Promise<Answer<T>> {
    const response = await fetch(`${origin}/api/v1${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...(accessToken === null ? {} : { Authorization: `Bearer ${accessToken}` }),
        ...(cartToken === null ? {} : { 'X-Cart-Token': cartToken }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await response.text();
    return { status: response.status, body: (text === '' ? undefined : JSON.parse(text)) as T };
  }

  async function ask<T>(expected: number, method: Method, path: string, body?: unknown): Promise<T> {
    const answer = await call<T>(method, path, body);
    if (answer.status !== expected) throw new CheckFailed(`${method} ${path}`, expected, answer);
    return answer.body;
  }

  return {
    call,
    ask,
    register: ({ name, email, phone, password }) =>
      ask(201, 'POST', '/auth/register', {
        email,
        username: `${name.toLowerCase()}-${randomUUID().slice(0, 18)}`,
        password,
        first_name: name,
        phone,
      }),
    async logIn({ email, password }) {
      const { access_token: token, user } = await ask<{ access_token: string; user: User }>(
        200,
        'POST',
        '/auth/login',
        {
          email,
          password,
        },
      );
      accessToken = token;
      return user;
    },
    async addToCart(variantId, quantity) {
      const cart = await ask<Cart>(200, 'POST', '/cart/items', { variant_id: variantId, quantity });
      cartToken = cart.cart_token ?? cartToken;
      return cart;
    },
    available: async (variantId) =>
      (await ask<{ available: number }>(200, 'GET', `/variants/${variantId}/availability`)).available,
  };
}

/** What `POST /checkout` is sent with; `card` is one of the provider's test cards. */
export const checkoutBody = ({ name, email, phone }: Person, card: string) => ({
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
});
