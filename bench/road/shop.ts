import { setTimeout as sleep } from 'node:timers/promises';
import { checkoutBody } from '../../dev/demo/client.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createTransact } from '../../src/infra/db/transact.js';
import { adjustStock } from '../../src/domain/inventory/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { openHttp, type Http } from './http.js';
import type { Meter } from './meter.js';

export interface Goods {
  readonly slug: string;
  readonly variantId: string;
}

/** The shop under load, as its customers reach it, with enough on its shelves. */
export interface Shop {
  readonly http: Http;
  readonly goods: readonly Goods[];
  /** Puts a variant's stock to so many. */
  stock(variantId: string, onHand: number): Promise<void>;
  /** A guest's cart with one piece of each; its token. */
  fillCart(variants: readonly string[]): Promise<string>;
  /** Everything that the orders so far set off has ended: money taken, customers told. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const SHELVES = 40;
const PLENTY = 1_000_000;
const SETTLED_WITHIN_MS = 120_000;

export async function openShop(env: Readonly<Record<string, string>>, meter: Meter): Promise<Shop> {
  const orm = createOrm({ url: env['DATABASE_URL'] ?? '', poolMax: 2, applicationName: 'perdure-bench' });
  const transact = createTransact(orm);
  const http = openHttp(env['PUBLIC_URL'] ?? '');
  const goods = await meter.read<{ slug: string; variantId: string }>(
    `select p.slug, v.id as "variantId" from variants v join products p on p.id = v.product_id
     join stock_levels s on s.variant_id = v.id
     where v.status = 'active' and p.status = 'published' and p.price_amount > 500 order by v.id limit $1`,
    [SHELVES],
  );
  if (goods.length < SHELVES) throw new Error('the sample catalogue was not imported');

  const stock = async (variantId: string, onHand: number): Promise<void> => {
    await transact((em) => adjustStock(em, { variantId, onHand, actorId: newId(), note: 'bench' }));
  };
  for (const { variantId } of goods) await stock(variantId, PLENTY);

  return {
    http,
    goods,
    stock,
    async fillCart(variants) {
      let token: string | undefined;
      for (const variantId of variants) {
        const cart = await http.ask<{ cart_token?: string }>(200, 'POST', '/api/v1/cart/items', {
          body: { variant_id: variantId, quantity: 1 },
          ...(token === undefined ? {} : { headers: { 'X-Cart-Token': token } }),
        });
        token ??= cart.cart_token;
      }
      if (token === undefined) throw new Error('no cart token was told');
      return token;
    },
    async settled() {
      const end = performance.now() + SETTLED_WITHIN_MS;
      while ((await unsettled(meter)) > 0) {
        if (performance.now() > end) throw new Error('checkouts are still open after two minutes');
        await sleep(100);
      }
      // The last flows close, the last webhooks are stored.
      await sleep(300);
    },
    async close() {
      http.close();
      await orm.close(true);
    },
  };
}

async function unsettled(meter: Meter): Promise<number> {
  const [row] = await meter.read<{ open: string }>(
    `select (select count(*) from checkouts where closed_at is null) + (select count(*) from orders where status = 'pending')
       + (select count(*) from notifications where status = 'pending') as open`,
  );
  return Number(row?.open ?? 0);
}

/** What the buyer of this number submits. */
export const orderBody = (index: number) =>
  checkoutBody(
    {
      name: 'Ada',
      email: `bench-${index}@example.com`,
      phone: `+1555${String(index % 10_000_000).padStart(7, '0')}`,
      password: '',
    },
    'pm_card_visa',
  );
