import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPerdureClient } from '../../../client/index.js';

const root = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]): string => readFileSync(join(root, ...path), 'utf8');

test('the README shows the example as it is type-checked', () => {
  expect(read('README.md')).toContain(`\`\`\`ts\n${read('client', 'example.ts')}\`\`\``);
});

describe('the client', () => {
  const seen: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    seen.push(request);
    const refused = request.url === '/api/v1/cart' && request.method === 'DELETE';
    response.writeHead(refused ? 409 : 200, { 'Content-Type': 'application/json' });
    response.end(refused ? '{"error":{"code":"checkout_in_progress"}}' : '{"lines":[]}');
  });
  let baseUrl: string;
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  });
  afterEach(() => void seen.splice(0));
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('sends the tokens that it is given, below /api/v1', async () => {
    const shop = createPerdureClient({ baseUrl, accessToken: 'a', cartToken: 'c', orderToken: 'o' });
    await shop.GET('/orders/{id}', { params: { path: { id: 'x/y' } } });
    expect(seen[0]?.url).toBe('/api/v1/orders/x%2Fy');
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer a', 'x-cart-token': 'c', 'x-order-token': 'o' });
  });

  test('asks for a token before each request, and sends none while there is none', async () => {
    let token: string | null = null;
    const shop = createPerdureClient({ baseUrl, cartToken: () => token });
    await shop.GET('/cart');
    token = 'later';
    await shop.GET('/cart');
    expect(seen.map(({ headers }) => headers['x-cart-token'])).toEqual([undefined, 'later']);
    expect(seen[0]?.headers.authorization).toBeUndefined();
  });

  test('answers a refusal as its error', async () => {
    const { data, error, response } = await createPerdureClient({ baseUrl }).DELETE('/cart');
    expect([data, error?.error.code, response.status]).toEqual([undefined, 'checkout_in_progress', 409]);
  });
});
