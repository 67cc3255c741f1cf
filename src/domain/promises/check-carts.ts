import { isFaithful, type CachedCarts } from '../cart/index.js';
import type { Query } from '../kernel/transact.js';
import { resultOf } from './rows/row-check.js';
import type { Breach, CheckResult } from './types.js';

/** Every cart in the cache shows what PostgreSQL would. */
export async function checkCarts(query: Query, carts: CachedCarts): Promise<CheckResult> {
  const breaches: Breach[] = [];
  let looked = 0;
  for await (const { cartId, entry } of carts.entries()) {
    looked += 1;
    if (!(await query((em) => isFaithful(em, cartId, entry))))
      breaches.push({ what: 'shows other lines or prices', ids: { cart: cartId } });
  }
  return resultOf({ promise: 'rest', check: 'cached carts equal the database' }, looked, breaches);
}
