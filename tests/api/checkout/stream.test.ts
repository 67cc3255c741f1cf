import { setTimeout as pause } from 'node:timers/promises';
import type { Query } from '../../../src/domain/kernel/transact.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { orderToken } from '../../../src/api/routes/checkout/access.js';
import { openApp, type TestApp } from '../../support/app.js';
import { openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
let app: TestApp;
let reads = 0;
beforeAll(async () => {
  market = await openMarket();
  const query: Query = (work) => {
    reads += 1;
    return market.query(work);
  };
  app = await openApp({
    query,
    transact: market.transact,
    cipher: market.cipher,
    config: {
      http: { host: '', port: 0, publicUrl: 'http://x', trustedProxies: 1, corsOrigins: [], rateLimits: false },
    },
  });
});
afterAll(async () => {
  await app.close();
  await market.close();
});

async function follow(checkoutId: string, { from = '203.0.113.1', after = 0 } = {}) {
  const leaving = new AbortController();
  const response = await fetch(`${app.origin}/api/v1/checkout/${checkoutId}/events`, {
    signal: leaving.signal,
    headers: {
      'X-Order-Token': orderToken(market.cipher, checkoutId),
      'X-Forwarded-For': from,
      'Last-Event-ID': String(after),
    },
  });
  return { status: response.status, response, leave: () => leaving.abort() };
}
const accepted = async () =>
  (await market.accept(await market.cart([{ variantId: await market.variant(5) }]))).checkoutId;
const events = (text: string) => [...text.matchAll(/^event: (.*)$/gm)].map((match) => match[1]);

test('a stream answers at once, though nothing has happened, then tells each step once and ends', async () => {
  const checkoutId = await accepted();
  const { status, response } = await follow(checkoutId);
  expect([status, response.headers.get('Content-Type')]).toEqual([200, 'text/event-stream']);
  await market.reserve(checkoutId);
  await market.begin(checkoutId);
  await market.settle(checkoutId, { kind: 'declined', reason: 'x', intentId: null });
  await market.shut(checkoutId);
  await market.end(checkoutId);
  const text = await response.text();
  expect(text.startsWith(': ok\n\n')).toBe(true);
  expect(events(text)).toEqual(['stock_reserved', 'payment_declined', 'stock_released', 'cancelled']);

  const ids = [...text.matchAll(/^id: (.*)$/gm)].map((match) => Number(match[1]));
  const rest = await follow(checkoutId, { after: ids[1] ?? 0 });
  expect(events(await rest.response.text())).toEqual(['stock_released', 'cancelled']);
});

test('many streams of a checkout share one reader', async () => {
  const checkoutId = await accepted();
  const streams = await Promise.all(Array.from({ length: 10 }, () => follow(checkoutId)));
  const before = reads;
  await pause(3_200);
  expect(reads - before).toBeGreaterThan(0);
  expect(reads - before).toBeLessThan(6);
  await market.reserve(checkoutId);
  await market.shut(checkoutId);
  await market.end(checkoutId);
  for (const { response } of streams)
    expect(events(await response.text())).toEqual(['stock_reserved', 'stock_released', 'cancelled']);
});

test('the eleventh stream of a checkout is refused until one ends', async () => {
  const checkoutId = await accepted();
  const streams = await Promise.all(
    Array.from({ length: 10 }, (_, n) => follow(checkoutId, { from: `203.0.113.${n + 10}` })),
  );
  expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
  const refused = await follow(checkoutId);
  expect(refused.status).toBe(429);
  expect(refused.response.headers.get('Retry-After')).not.toBeNull();
  streams[0]?.leave();
  let next = 429;
  for (let look = 0; look < 50 && next === 429; look += 1) {
    await pause(50);
    const again = await follow(checkoutId);
    next = again.status;
    streams.push(again);
  }
  expect(next).toBe(200);
  for (const { leave } of streams) leave();
});

test('the twenty-first stream of an address is refused, and not of another', async () => {
  const from = `2001:db8:${newId().slice(-4)}:1::1`;
  const checkouts = await Promise.all([accepted(), accepted(), accepted()]);
  const open = [];
  for (let n = 0; n < 20; n += 1) open.push(await follow(checkouts[n % 2] ?? '', { from }));
  expect(open.map(({ status }) => status)).toEqual(open.map(() => 200));
  expect((await follow(checkouts[2] ?? '', { from })).status).toBe(429);
  const other = await follow(checkouts[2] ?? '');
  expect(other.status).toBe(200);
  for (const { leave } of [...open, other]) leave();
});
