import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Http } from './http.js';
import { closedLoop, type Run, type Work } from './load.js';
import { orderBody, type Shop } from './shop.js';

/** One of the things that customers do, measured at each concurrency. */
export interface Operation {
  readonly name: string;
  /** What its ratio is taken to: one of the two floors. */
  readonly floor: 'route' | 'checkout' | null;
  /** How it is loaded for about so many seconds. */
  load(concurrency: number, seconds: number): Promise<Run>;
  /** Waits for what it set off. */
  readonly settled?: () => Promise<void>;
}

export interface Places {
  readonly shop: Shop;
  readonly redisUrl: string;
}

const LINES = 3;
const COLD_CARTS = 150;
/** A checkout takes longer than a read: so many a second of measuring, whatever the concurrency. */
const CHECKOUTS_A_SECOND = 14;

export async function operations({ shop, redisUrl }: Places): Promise<Operation[]> {
  const { http, goods } = shop;
  const item = (index: number) => goods[index % goods.length] ?? goods[0]!;
  const get = (name: string, path: (index: number) => string, headers: Record<string, string> = {}): Operation =>
    timed(name, 'route', async (index) => void (await http.ask(200, 'GET', path(index), { headers })));

  const token = await shop.fillCart(goods.slice(0, LINES).map(({ variantId }) => variantId));
  return [
    get('list of 20', () => '/api/v1/products?limit=20'),
    get('product', (index) => `/api/v1/products/${item(index).slug}`),
    get('search with facets', (index) => `/api/v1/products/search?q=${WORDS[index % WORDS.length]}&limit=20`),
    get('price', (index) => `/api/v1/variants/${item(index).variantId}/price?quantity=10`),
    timed('add to cart', 'route', async (index) => void (await shop.fillCart([item(index).variantId]))),
    get('cart, cached', () => '/api/v1/cart', { 'X-Cart-Token': token }),
    await coldCarts(shop, redisUrl),
    {
      name: 'full checkout',
      floor: 'checkout',
      settled: shop.settled,
      load: (concurrency, seconds) =>
        closedLoop(checkout(shop), { concurrency, count: Math.ceil(seconds * CHECKOUTS_A_SECOND) }),
    },
  ];
}

const WORDS = ['keyboard', 'paper', 'cable', 'notebook', 'printer', 'black'] as const;

const timed = (name: string, floor: Operation['floor'], work: Work): Operation => ({
  name,
  floor,
  load: (concurrency, seconds) => closedLoop(work, { concurrency, seconds }),
});

/** Each cart is read once, after the cache has forgotten it. */
async function coldCarts(shop: Shop, redisUrl: string): Promise<Operation> {
  const tokens: string[] = [];
  for (let index = 0; index < COLD_CARTS; index += 1)
    tokens.push(await shop.fillCart(shop.goods.slice(0, LINES).map(({ variantId }) => variantId)));
  return {
    name: 'cart, not cached',
    floor: 'route',
    async load(concurrency) {
      await forget(redisUrl);
      const read: Work = async (index) =>
        void (await shop.http.ask(200, 'GET', '/api/v1/cart', {
          headers: { 'X-Cart-Token': tokens[index] ?? '' },
        }));
      return closedLoop(read, { concurrency, count: tokens.length });
    },
  };
}

async function forget(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  const keys = await redis.keys('*cart:*');
  if (keys.length > 0) await redis.del(...keys);
  redis.disconnect();
}

let buyers = 0;

/** From an empty cart to the order. */
export function checkout(shop: Shop): Work {
  return async (index) => {
    const { variantId } = shop.goods[index % shop.goods.length] ?? shop.goods[0]!;
    const token = await shop.fillCart([variantId]);
    await buy(shop, token);
  };
}

const PAUSE_MS = 500;

/** As a client does, it repeats what was answered with 503. */
async function buy(shop: Shop, token: string): Promise<void> {
  const request = { body: orderBody(buyers++), headers: { 'X-Cart-Token': token } };
  for (;;) {
    const { status, text } = await shop.http.send('POST', '/api/v1/checkout', request);
    // 202: the order comes later than the client waits; `settled` waits for it.
    if (status === 201 || status === 202) return;
    if (status !== 503) throw new Error(`POST /checkout answered ${status}: ${text.slice(0, 300)}`);
    await sleep(PAUSE_MS);
  }
}

/** The same as plain code, and a route that does nothing: what there is to compare with. */
export function floors({ shop }: Places, http: Http): Operation[] {
  const plain = (name: string, messages: 'inside' | 'outside'): Operation => ({
    name,
    floor: null,
    settled: shop.settled,
    load: (concurrency, seconds) =>
      closedLoop(
        async (index) => {
          const body = { ...orderBody(buyers++), variant_id: shop.goods[index % shop.goods.length]?.variantId };
          await http.ask(201, 'POST', `/checkout?messages=${messages}`, { body });
        },
        { concurrency, count: Math.ceil(seconds * CHECKOUTS_A_SECOND) },
      ),
  });
  return [
    timed('a bare Koa route', null, async () => void (await http.ask(200, 'GET', '/bare'))),
    plain('plain checkout, messages inside the request', 'inside'),
    plain('plain checkout, messages after the answer', 'outside'),
  ];
}
