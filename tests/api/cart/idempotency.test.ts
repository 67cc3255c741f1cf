import { newId } from '../../../src/domain/kernel/ids.js';
import { openApp, type CallOptions, type TestApp } from '../../support/app.js';

let app: TestApp;
beforeAll(async () => {
  app = await openApp();
});
afterAll(() => app.close());

interface CartBody {
  readonly id: string | null;
  readonly lines: readonly { readonly quantity: number }[];
  readonly cart_token?: string;
}

const call = (method: string, path: string, options?: CallOptions) => app.call<CartBody>(method, path, options);

async function guestCart() {
  const { variantId } = await app.shop.product();
  const { body } = await call('POST', '/cart/items', { body: { variant_id: variantId } });
  return { variantId, cartId: body.id ?? '', headers: { 'X-Cart-Token': body.cart_token ?? '' } };
}

describe('POST /cart/items with an Idempotency-Key', () => {
  const keyed = (key: string) => ({ 'Idempotency-Key': key });

  test('repeated by a user, adds once and says so', async () => {
    const { variantId } = await app.shop.product();
    const { headers } = await app.login();
    const request = { headers: { ...headers, ...keyed(newId()) }, body: { variant_id: variantId, quantity: 2 } };
    const answers = await Promise.all([1, 2, 3].map(() => call('POST', '/cart/items', request)));
    expect(answers.map(({ body }) => body.lines[0]?.quantity)).toEqual([2, 2, 2]);
    expect(answers.filter(({ headers: got }) => got.get('Idempotent-Replayed') === 'true')).toHaveLength(2);
  });

  test('repeated with the token that the first answer gave, adds once', async () => {
    const { variantId } = await app.shop.product();
    const body = { variant_id: variantId, quantity: 2 };
    const key = keyed(newId());
    const first = await call('POST', '/cart/items', { headers: key, body });
    const again = await call('POST', '/cart/items', {
      headers: { ...key, 'X-Cart-Token': first.body.cart_token ?? '' },
      body,
    });
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
    expect(again.body).toMatchObject({ id: first.body.id, lines: [{ quantity: 2 }] });
  });

  test('of two strangers, is not shared', async () => {
    const { variantId } = await app.shop.product();
    const request = { headers: keyed('same-key'), body: { variant_id: variantId } };
    const [first, second] = [await call('POST', '/cart/items', request), await call('POST', '/cart/items', request)];
    expect(second.body.id).not.toBe(first.body.id);
    expect(second.headers.get('Idempotent-Replayed')).toBeNull();
  });

  test('repeated after an ordered cart, tells the new token again', async () => {
    const { headers, cartId, variantId } = await guestCart();
    await app.shop.orderCart(cartId);
    const request = { headers: { ...headers, ...keyed(newId()) }, body: { variant_id: variantId } };
    const [first, again] = [await call('POST', '/cart/items', request), await call('POST', '/cart/items', request)];
    expect(again.body).toMatchObject({
      id: first.body.id,
      cart_token: first.body.cart_token,
      lines: [{ quantity: 1 }],
    });
    expect(again.headers.get('Idempotent-Replayed')).toBe('true');
  });

  test('and another body, answers 422', async () => {
    const { headers, variantId } = await guestCart();
    const request = (quantity: number) => ({
      headers: { ...headers, ...keyed('k') },
      body: { variant_id: variantId, quantity },
    });
    await call('POST', '/cart/items', request(1));
    const refused = await app.call('POST', '/cart/items', request(2));
    expect([refused.status, refused.body.error.code]).toEqual([422, 'idempotency_mismatch']);
  });

  test('whose first use was refused, is free', async () => {
    const { headers, variantId, cartId } = await guestCart();
    const checkoutId = await app.shop.openCheckout(cartId);
    const request = { headers: { ...headers, ...keyed('k2') }, body: { variant_id: variantId } };
    expect((await call('POST', '/cart/items', request)).status).toBe(409);
    await app.shop.closeCheckout(checkoutId);
    expect((await call('POST', '/cart/items', request)).body).toMatchObject({ lines: [{ quantity: 2 }] });
  });

  test.each(['has spaces', 'x'.repeat(256)])('that is malformed, answers 400', async (key) => {
    const { variantId } = await app.shop.product();
    const refused = await app.call('POST', '/cart/items', { headers: keyed(key), body: { variant_id: variantId } });
    expect([refused.status, refused.body.error.details[0]?.field]).toEqual([400, 'Idempotency-Key']);
  });
});
