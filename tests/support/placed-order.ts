import type { Cipher } from '../../src/domain/kernel/cipher.js';
import { sealJson } from '../../src/domain/kernel/cipher.js';
import { newId } from '../../src/domain/kernel/ids.js';
import type { Query } from '../../src/domain/kernel/transact.js';
import { orderContext, type Address, type Contact } from '../../src/domain/orders/index.js';
import { createShop } from './shop.js';

export interface TestOrder {
  readonly contact?: Partial<Contact>;
  readonly title?: string;
}

/** A confirmed order of two pieces, straight into the tables: 20.00 and 4.99 for shipping. */
export async function placedOrder(
  query: Query,
  cipher: Cipher,
  { contact = {}, title = 'Thing' }: TestOrder = {},
): Promise<string> {
  const run = (sql: string, params: readonly unknown[]) => query((em) => em.execute(sql, [...params], 'run'));
  const { productId, variantId, sku } = await createShop(query).product({ title });
  const [cartId, checkoutId, orderId] = [newId(), newId(), newId()];
  const sealedContact = sealJson(
    cipher,
    { email: 'ada@example.com', phone: null, ...contact } satisfies Contact,
    orderContext('contact', orderId),
  );
  const address: Address = {
    name: 'Ada Lovelace',
    line1: '1 Main St',
    city: 'London',
    postal_code: 'N1 9GU',
    country: 'GB',
  };
  const sealedAddress = sealJson(cipher, address, orderContext('shipping_address', orderId));
  await run(
    `insert into carts (id, token_hash, status, currency, checkout_id, order_id) values (?, ?, 'ordered', 'USD', ?, ?)`,
    [cartId, cartId, checkoutId, orderId],
  );
  await run(
    `insert into checkouts (id, cart_id, order_id, status, body_hash, contact, shipping_address, country, shipping_method,
       payment_provider, total_amount, currency, closed_at)
     values (?, ?, ?, 'placed', '-', ?, ?, 'GB', 'standard', 'stripe', 2499, 'USD', now())`,
    [checkoutId, cartId, orderId, sealedContact, sealedAddress],
  );
  await run(
    `insert into orders (id, number, checkout_id, cart_id, status, currency, subtotal_amount, shipping_amount, tax_amount,
       total_amount, prices_include_tax, country, contact, shipping_address, shipping_method)
     values (?, ?, ?, ?, 'confirmed', 'USD', 2000, 499, 0, 2499, false, 'GB', ?, ?, 'standard')`,
    [orderId, `T-${orderId.slice(-12)}`, checkoutId, cartId, sealedContact, sealedAddress],
  );
  await run(
    `insert into order_lines (id, order_id, position, variant_id, product_id, sku, title, quantity, unit_price_amount,
       line_total_amount, tax_amount, tax_rate_bp, currency)
     values (?, ?, 1, ?, ?, ?, ?, 2, 1000, 2000, 0, 0, 'USD')`,
    [newId(), orderId, variantId, productId, sku, title],
  );
  await run(
    `insert into payments (id, checkout_id, order_id, provider, intent_id, status, amount, currency, captured_amount)
     values (?, ?, ?, 'stripe', ?, 'captured', 2499, 'USD', 2499)`,
    [newId(), checkoutId, orderId, `pi_${orderId}`],
  );
  return orderId;
}
