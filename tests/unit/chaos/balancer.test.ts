import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBalancer, type Balancer } from '../../../bench/chaos/balancer.js';
import { freePort } from '../../../dev/launcher/ports.js';

const servers: Server[] = [];
let balancer: Balancer;

const used = new Set<number>();

/** Never one that was used before: connections to it may still be kept. */
async function unusedPort(): Promise<number> {
  const port = await freePort(30_000 + Number(process.env['JEST_WORKER_ID'] ?? 1) * 100, used);
  used.add(port);
  return port;
}

beforeEach(async () => {
  balancer = await startBalancer(await unusedPort());
});

afterEach(async () => {
  await balancer.close();
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

/** Answers with its name; `ready` is the status of its health. */
async function backend(
  name: string,
  ready = 200,
  answer: RequestListener = (_request, response) => response.end(name),
) {
  const server = createServer((request, response) => {
    if (request.url !== '/health/ready') return answer(request, response);
    response.statusCode = ready;
    response.end();
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

const ask = async (init?: RequestInit): Promise<string> => (await fetch(`${balancer.origin}/x`, init)).text();

async function untilServed(names: string): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
    const heard = new Set([await ask(), await ask(), await ask(), await ask()]);
    if ([...heard].sort().join(' ') === names) return;
  }
  throw new Error(`it is not ${names} who answers`);
}

test('balancer, before two that are ready, asks them in turn', async () => {
  balancer.serve([await backend('a'), await backend('b')]);
  await untilServed('a b');
  expect([await ask(), await ask()].sort()).toEqual(['a', 'b']);
});

test('balancer, before one that is ready and one that is not, asks the ready one', async () => {
  balancer.serve([await backend('a', 503), await backend('b')]);
  await untilServed('b');
  expect(await ask()).toBe('b');
});

test('balancer, while none is ready, asks those that say so', async () => {
  balancer.serve([await backend('a', 503), await backend('b', 503)]);
  await untilServed('a b');
  expect(['a', 'b']).toContain(await ask());
});

test('balancer, when one refuses the connection, asks the other one', async () => {
  balancer.serve([await unusedPort(), await backend('b')]);
  const body = 'what is bought';
  expect([await ask({ method: 'POST', body }), await ask({ method: 'POST', body })]).toEqual(['b', 'b']);
});

test('balancer, when one cuts a request that it was sent, cuts it too and asks nobody else', async () => {
  let asked = 0;
  const cut: RequestListener = (request) => {
    asked += 1;
    request.socket.destroy();
  };
  balancer.serve([await backend('a', 200, cut), await backend('b', 200, cut)]);
  await expect(ask({ method: 'POST', body: 'what is bought' })).rejects.toThrow('fetch failed');
  expect(asked).toBe(1);
});

test('balancer, when nobody listens, answers 503 and says when to come again', async () => {
  balancer.serve([await unusedPort()]);
  const answer = await fetch(`${balancer.origin}/x`);
  expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
  expect(await answer.json()).toMatchObject({ error: { code: 'unavailable' } });
});

test('balancer, when a caller says where it comes from, hands that on', async () => {
  const echo: RequestListener = (request, response) => response.end(request.headers['x-forwarded-for']);
  balancer.serve([await backend('a', 200, echo)]);
  expect(await ask({ headers: { 'x-forwarded-for': '203.0.113.7' } })).toBe('203.0.113.7');
  expect(await ask()).toBe('127.0.0.1');
});
