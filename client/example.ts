import { createPerdureClient } from './index.js';

/** A guest buys one of the first product in stock; answers the order's number. */
export async function buyOne(baseUrl: string): Promise<string> {
  let cartToken: string | null = null;
  const shop = createPerdureClient({ baseUrl, cartToken: () => cartToken });

  const { data: found } = await shop.GET('/products', { params: { query: { in_stock: 'true', limit: '1' } } });
  const idOrSlug = found?.data[0]?.slug ?? '';
  const { data: product } = await shop.GET('/products/{idOrSlug}', { params: { path: { idOrSlug } } });
  const variant = product?.variants.find(({ available }) => available > 0);
  if (variant === undefined) throw new Error('sold out');

  const { data: cart } = await shop.POST('/cart/items', { body: { variant_id: variant.id, quantity: 1 } });
  cartToken = cart?.cart_token ?? null;

  const { data, error } = await shop.POST('/checkout', {
    params: { header: { 'Idempotency-Key': crypto.randomUUID() } },
    body: {
      email: 'ada@example.com',
      shipping_address: {
        name: 'Ada Lovelace',
        line1: '1 Main St',
        city: 'Springfield',
        postal_code: '12345',
        country: 'US',
      },
      shipping_method: 'standard',
      payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
    },
  });
  if (error) throw new Error(error.error.code);
  // 201 is the order; 202 a checkout that goes on: follow it at GET /checkout/{id}
  return 'number' in data ? data.number : data.checkout_id;
}
