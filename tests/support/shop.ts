import type { Query } from '../../src/domain/kernel/transact.js';
import { newId } from '../../src/domain/kernel/ids.js';

export interface TestProduct {
  readonly title?: string;
  /** Minor units. */
  readonly price?: number;
  readonly adjustment?: number;
  readonly currency?: string;
  readonly taxClass?: string;
  readonly stock?: number;
  readonly status?: 'draft' | 'published' | 'archived';
}

/** Rows to sell, and customers to sell them to, straight into the tables. */
export function createShop(query: Query) {
  const run = (sql: string, params: readonly unknown[]): Promise<unknown> =>
    query((em) => em.execute(sql, [...params], 'run'));
  let category: Promise<string> | null = null;

  const categoryId = (): Promise<string> => (category ??= insertCategory());

  async function insertCategory(): Promise<string> {
    const id = newId();
    const slug = `test-${id.slice(-12)}`;
    await run('insert into categories (id, slug, name, path) values (?, ?, ?, ?::ltree)', [
      id,
      slug,
      'Tests',
      slug.replaceAll('-', '_'),
    ]);
    return id;
  }

  return {
    /** A product of one variant. */
    async product({
      title = 'Thing',
      price = 1_000,
      adjustment = 0,
      currency = 'USD',
      taxClass = 'standard',
      stock = 1_000,
      status = 'published',
    }: TestProduct = {}): Promise<{ productId: string; variantId: string; sku: string }> {
      const [productId, variantId] = [newId(), newId()];
      const sku = `T-${variantId.slice(-12)}`;
      await run(
        `insert into products (id, category_id, slug, title, price_amount, currency, tax_class, status) values (?, ?, ?, ?, ?, ?, ?, ?)`,
        [productId, await categoryId(), `p-${productId}`, title, price, currency, taxClass, status],
      );
      await run(
        'insert into variants (id, product_id, sku, price_adjustment_amount, currency, is_default) values (?, ?, ?, ?, ?, true)',
        [variantId, productId, sku, adjustment, currency],
      );
      await run('insert into stock_levels (variant_id, on_hand) values (?, ?)', [variantId, stock]);
      return { productId, variantId, sku };
    },

    setPrice: (productId: string, price: number) =>
      run('update products set price_amount = ? where id = ?', [price, productId]),
    setStock: (variantId: string, onHand: number) =>
      run('update stock_levels set on_hand = ? where variant_id = ?', [onHand, variantId]),
    retire: (variantId: string) => run("update variants set status = 'retired' where id = ?", [variantId]),

    async user({
      tier = null,
      roles = ['customer'],
    }: { tier?: string | null; roles?: readonly string[] } = {}): Promise<string> {
      const id = newId();
      await run('insert into users (id, email, username, password_hash, tier) values (?, ?, ?, ?, ?)', [
        id,
        `${id}@example.com`,
        id,
        '-',
        tier,
      ]);
      for (const role of roles) await run('insert into user_roles (user_id, role) values (?, ?)', [id, role]);
      return id;
    },

    async session(userId: string): Promise<string> {
      const id = newId();
      await run(
        "insert into sessions (id, user_id, refresh_hash, expires_at) values (?, ?, ?, now() + interval '1 hour')",
        [id, userId, id],
      );
      return id;
    },

    /** An open checkout of a cart, as `POST /checkout` leaves it. */
    async openCheckout(cartId: string): Promise<string> {
      const [row] = await query((em) =>
        em.execute<{ id: string }[]>(
          `insert into checkouts (id, cart_id, order_id, body_hash, contact, shipping_address, country, shipping_method, payment_provider, currency)
         select c.checkout_id, c.id, ?, '-', '-', '-', 'US', 'standard', 'stripe', c.currency from carts c where c.id = ? returning id`,
          [newId(), cartId],
        ),
      );
      if (row === undefined) throw new Error('no such cart');
      return row.id;
    },

    closeCheckout: (checkoutId: string) =>
      run("update checkouts set closed_at = now(), status = 'cancelled' where id = ?", [checkoutId]),

    orderCart: (cartId: string) =>
      run("update carts set status = 'ordered', order_id = ?, updated_at = now() where id = ?", [newId(), cartId]),

    rows: <T extends object>(sql: string, params: readonly unknown[] = []): Promise<T[]> =>
      query((em) => em.execute<T[]>(sql, [...params])),
    run,
  };
}

export type TestShop = ReturnType<typeof createShop>;
