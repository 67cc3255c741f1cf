import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { orderBody } from '../road/shop.js';
import type { CallEnd, CallRecord, CrowdOptions, Stage } from './contracts.js';
import { createRandom } from './random.js';
import { openShelf } from './shoppers/shelf.js';

/** Shoppers who look, fill a cart and pay by card. */
export async function startStandIns({ origin, env }: Stage, { seed, shoppers, record, startedAt }: CrowdOptions) {
  const over = new AbortController();
  const shelf = await openShelf(env['DATABASE_URL'] ?? '');

  async function ask(call: string, headers: Record<string, string>, body?: unknown): Promise<unknown> {
    const [method = '', path = ''] = call.split(' ');
    const started = performance.now();
    const record1 = (end: CallEnd): void =>
      record({ call, atMs: started - startedAt, ms: performance.now() - started, end } satisfies CallRecord);
    try {
      const answer = await fetch(`${origin}/api/v1${path}`, {
        method,
        headers: { 'content-type': 'application/json', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(20_000),
      });
      const told: unknown = await answer.json();
      record1(answer.ok ? 'ok' : answer.status === 503 ? 'unavailable' : answer.status < 500 ? 'refused' : 'error');
      return answer.ok ? told : undefined;
    } catch (error) {
      record1((error as Error).name === 'TimeoutError' ? 'late' : 'cut');
      return undefined;
    }
  }

  async function shop(index: number): Promise<void> {
    const random = createRandom(seed + index);
    for (let visit = 0; !over.signal.aborted; visit += 1) {
      await ask('GET /products?limit=20', {});
      const { variantId } = shelf.pick(random);
      const cart = (await ask('POST /cart/items', {}, { variant_id: variantId, quantity: 1 })) as
        { cart_token: string } | undefined;
      if (cart !== undefined) {
        const headers = { 'x-cart-token': cart.cart_token, 'idempotency-key': randomUUID() };
        await ask('POST /checkout', headers, orderBody(index * 1_000 + visit));
      }
      await sleep(random.between(1_000, 4_000), undefined, { signal: over.signal }).catch(() => undefined);
    }
  }

  const all = Promise.all(Array.from({ length: shoppers }, (_, index) => shop(index)));
  return {
    async stop() {
      over.abort();
      await all;
    },
  };
}
