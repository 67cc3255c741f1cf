import pg from 'pg';
import type { Random } from '../random.js';

export interface Goods {
  readonly slug: string;
  readonly variantId: string;
}

/** What people come for: a few things much more often than the rest, so that they meet at the last piece. */
export interface Shelf {
  pick(random: Random): Goods;
}

const SHELVES = 200;
const SEARCHES = ['keyboard', 'mouse', 'hp laser', 'usb cable', 'monitor 24', 'ink black', 'notebook', 'router'];

/** @throws Error where nothing was imported */
export async function openShelf(databaseUrl: string): Promise<Shelf> {
  const client = new pg.Client({ connectionString: databaseUrl, application_name: 'perdure-chaos' });
  await client.connect();
  try {
    const { rows } = await client.query<Goods>(
      `select p.slug, v.id as "variantId" from variants v join products p on p.id = v.product_id
       join stock_levels s on s.variant_id = v.id
       where v.status = 'active' and p.status = 'published' and p.price_amount between 500 and 200000 and s.on_hand > 0
       order by v.id limit $1`,
      [SHELVES],
    );
    if (rows.length === 0) throw new Error('there is nothing on sale');
    return shelfOf(rows);
  } finally {
    await client.end();
  }
}

export const shelfOf = (goods: readonly Goods[]): Shelf => ({
  pick: (random) => goods[Math.floor(goods.length * random.next() ** 2)] ?? random.pick(goods),
});

export const searchFor = (random: Random): string => random.pick(SEARCHES);
