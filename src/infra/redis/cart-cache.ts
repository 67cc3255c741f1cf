import type { Redis } from 'ioredis';
import type { CachedContent, CartCache } from '../../domain/cart/ports.js';
import { whileUp } from './client.js';

const WEEK_S = 7 * 86_400;

export function createCartCache({ redis, prefix }: { readonly redis: Redis; readonly prefix: string }): CartCache {
  const key = (cartId: string): string => `${prefix}cart:${cartId}`;
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
