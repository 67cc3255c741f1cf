import createClient, { type Client } from 'openapi-fetch';
import type { components, paths } from './schema.js';

export type PerdureClient = Client<paths, 'application/json'>;

/** A shape that the API names: `Schema<'Cart'>`. */
export type Schema<Name extends keyof components['schemas']> = components['schemas'][Name];

/** A token, or where it is kept: asked before each request; null or an empty one is not sent. */
export type Token = string | (() => string | null);

export interface PerdureClientOptions {
  /** Where the shop is: `https://shop.example`. */
  readonly baseUrl: string;
  /** Of a customer who is logged in, as `POST /auth/login` answered. */
  readonly accessToken?: Token;
  /** Of a guest's cart, as the answer that made the cart told it once. */
  readonly cartToken?: Token;
  /** Of a guest's checkout and order, as `POST /checkout` answered. */
  readonly orderToken?: Token;
}

/**
 * Calls the API with the paths, bodies and answers that its endpoints describe. An answer is `{ data, response }`, a refusal
 * `{ error, response }`: nothing is thrown but what fetch throws.
 */
export function createPerdureClient(options: PerdureClientOptions): PerdureClient {
  const client: PerdureClient = createClient({ baseUrl: `${options.baseUrl.replace(/\/$/, '')}/api/v1` });
  client.use({
    onRequest({ request }) {
      const accessToken = read(options.accessToken);
      if (accessToken) request.headers.set('Authorization', `Bearer ${accessToken}`);
      const cartToken = read(options.cartToken);
      if (cartToken) request.headers.set('X-Cart-Token', cartToken);
      const orderToken = read(options.orderToken);
      if (orderToken) request.headers.set('X-Order-Token', orderToken);
    },
  });
  return client;
}

const read = (token: Token | undefined): string | null | undefined => (typeof token === 'function' ? token() : token);
