import type { Redis } from 'ioredis';
import type { CachedCarts, CachedContent, CartCache } from '../../domain/cart/ports.js';
import { whileUp } from './client.js';
import { keysUnder } from './keys-under.js';

const WEEK_S = 7 * 86_400;

export function createCartCache({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): CartCache {
  const key = keyOf(prefix);
  return {
    async read(cartId) {
      const text = await whileUp(redis, () => redis.get(key(cartId)));
      return text === null ? null : (JSON.parse(text) as CachedContent);
    },
    async keep(cartId, entry) {
      await whileUp(redis, () => redis.set(key(cartId), JSON.stringify(entry), 'EX', WEEK_S));
    },
  };
}

const keyOf =
  (prefix: string) =>
  (cartId: string): string =>
    `${prefix}cart:${cartId}`;

export function createCachedCarts({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): CachedCarts {
  const start = keyOf(prefix)('');
  return {
    async *entries() {
      for await (const keys of keysUnder({ redis, prefix: start })) {
        const texts = await redis.mget(keys);
        for (const [at, text] of texts.entries())
          if (text != null)
            yield { cartId: (keys[at] ?? '').slice(start.length), entry: JSON.parse(text) as CachedContent };
      }
    },
  };
}
