import { createServer, type IncomingHttpHeaders, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { CallRecord, Told } from '../../../bench/chaos/contracts.js';
import { createRandom } from '../../../bench/chaos/random.js';
import { openBrowser } from '../../../bench/chaos/shoppers/browser.js';
import { shelfOf } from '../../../bench/chaos/shoppers/shelf.js';
import { bodyFor, checkOut } from '../../../bench/chaos/shoppers/steps.js';
import { watches, watchSteps } from '../../../bench/chaos/shoppers/watch.js';
import { Surprised, type Visit } from '../../../bench/chaos/shoppers/visit.js';

type Step = (response: ServerResponse) => void;

const json =
  (status: number, body: object, headers: Record<string, string> = {}): Step =>
  (response) =>
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
const refusal = (status: number, code: string, data: object = {}): Step =>
  json(status, { error: { code, message: code, details: [], data, request_id: 'req_1' } }, { 'X-Request-Id': 'req_1' });
const cut: Step = (response) => void response.socket?.destroy();

const order = { id: 'o1', total: { amount: 500, currency: 'USD' }, items: [], order_token: 'token' };
const underWay = (status: string, more: object = {}): object => ({
  ...{ checkout_id: 'k1', status, order_id: null, failure: null, steps: [], order_token: 'token' },
  ...more,
});

let server: Server;
let steps: Step[];
let asked: { readonly call: string; readonly headers: IncomingHttpHeaders }[];
let records: CallRecord[];
let told: Told[];
let notes: string[];

beforeEach(async () => {
  [steps, asked, records, told, notes] = [[], [], [], [], []];
  server = createServer((request, response) => {
    asked.push({ call: `${request.method} ${request.url}`, headers: request.headers });
    request.resume().once('end', () => (steps.shift() ?? refusal(404, 'not_found'))(response));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
});

/** A shopper before a shop that answers as the script says. */
function shopper(...script: readonly Step[]): Visit {
  steps.push(...script);
  const deps = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    record: (call: CallRecord) => void records.push(call),
    now: () => performance.now(),
  };
  const nobody = (): never => {
    throw new Error('nobody asks for it here');
  };
  return {
    random: createRandom(1),
    me: { name: 'ada', email: 'ada@example.com', phone: '+15550001', password: 'ada opens the shop' },
    browser: openBrowser(deps),
    ...{ shelf: shelfOf([]), staff: { ask: nobody }, outside: { authenticate: nobody, mailTo: nobody } },
    ...{ leaving: () => false, anotherBrowser: nobody, wants: nobody },
    tell: (what) => void told.push(what),
    note: (call, what, requestId) => void notes.push(`${call} ${what} ${requestId}`),
    surprise(_call, what) {
      throw new Surprised(what);
    },
  };
}

const buy = (visit: Visit) => checkOut(visit, bodyFor(visit, 'pm_card_visa'));

test('a shopper, whose checkout is answered 503 and then cut off, repeats it with the same key until it is placed', async () => {
  const ending = await buy(shopper(refusal(503, 'temporarily_unavailable'), cut, json(201, order)));
  expect(ending).toMatchObject({ status: 'placed', orderToken: 'token' });
  expect(told).toEqual([{ what: 'placed', orderId: 'o1', amount: 500 }]);
  expect(asked.map(({ call }) => call)).toEqual(Array.from({ length: 3 }, () => 'POST /api/v1/checkout'));
  const keys = new Set(asked.map(({ headers }) => headers['idempotency-key']));
  expect([keys.size, [...keys][0]?.length]).toEqual([1, 36]);
  expect(records.map(({ end, status }) => status ?? end)).toEqual([503, 'cut', 201]);
});

test('a shopper, asked to come back later, waits as long as the answer says', async () => {
  const began = performance.now();
  const late = json(503, { error: { code: 'temporarily_unavailable' } }, { 'Retry-After': '2' });
  await buy(shopper(late, json(201, order)));
  expect(performance.now() - began).toBeGreaterThan(1_990);
});

test('a shopper, answered 500, writes it down with its request, whatever comes after it', async () => {
  await buy(shopper(refusal(500, 'internal'), json(201, order)));
  expect(notes).toEqual(['POST /checkout 500 internal req_1']);
});

test('a shopper, answered what is no JSON, is surprised', async () => {
  const page: Step = (response) => response.writeHead(200, { 'Content-Type': 'text/html' }).end('<html>');
  await expect(buy(shopper(page))).rejects.toThrow('no JSON');
});

test('a shopper, whose checkout goes on, follows it and keeps each word of it', async () => {
  const failed = underWay('failed', { failure: { code: 'card_declined', data: {} } });
  const ending = await buy(
    shopper(json(202, underWay('authorising')), json(200, underWay('placing')), json(200, failed)),
  );
  expect(ending).toEqual({ status: 'declined', code: 'card_declined' });
  expect(told).toEqual([
    { what: 'accepted', checkoutId: 'k1' },
    { what: 'declined', checkoutId: 'k1' },
  ]);
  expect(asked.slice(1).map(({ headers }) => headers['x-order-token'])).toEqual(['token', 'token']);
});

test('a shopper, whom the bank wants to see, is told of the payment, and no end yet', async () => {
  const waiting = underWay('requires_action', { client_secret: 'pi_1_secret_x' });
  const ending = await buy(shopper(json(202, waiting), json(200, waiting)));
  expect(ending).toEqual({ status: 'requires_action', checkoutId: 'k1', intentId: 'pi_1', orderToken: 'token' });
  expect(told).toEqual([{ what: 'accepted', checkoutId: 'k1' }]);
});

test.each([
  ['sold out', refusal(409, 'out_of_stock'), { status: 'refused', code: 'out_of_stock' }],
  ['declined', refusal(402, 'card_declined', { checkout_id: 'k1' }), { status: 'declined', code: 'card_declined' }],
])('a shopper, told that it is %s, takes that for an answer', async (_, answer, ending) => {
  expect(await buy(shopper(answer))).toEqual(ending);
  expect(told).toHaveLength(1);
});

test('a shopper, refused for what a good cart cannot be refused for, is surprised', async () => {
  await expect(buy(shopper(refusal(409, 'cart_empty')))).rejects.toThrow('409 cart_empty');
});

const event = (id: number, status = 'authorising'): string =>
  `id: ${id}\nevent: step${id}\ndata: ${JSON.stringify({ step: `step${id}`, status })}\n\n`;
const stream =
  (text: string, then: 'end' | 'cut' = 'end'): Step =>
  (response) => {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`: ok\n\n${text}`);
    setTimeout(() => (then === 'end' ? response.end() : response.socket?.destroy()), 50);
  };
const stepped = (...ids: readonly number[]): Step =>
  json(
    200,
    underWay('placed', { steps: ids.map((id) => ({ id, step: `step${id}`, at: '2026-11-29T00:00:00.000Z' })) }),
  );
const watch = (visit: Visit) =>
  watchSteps(visit, visit.browser, { checkoutId: 'k1', orderToken: 'token', acted: false });

test('a shopper who watches, when the line is cut, comes back after the last step that was told', async () => {
  await watch(shopper(stream(event(3) + event(4), 'cut'), stream(event(7, 'placed')), stepped(3, 4, 7)));
  expect(asked.map(({ headers }) => headers['last-event-id'])).toEqual(['0', '4', undefined]);
  expect(notes).toEqual([]);
});

test('a shopper who watches, told a step again or told of none in between, writes it down', async () => {
  await watch(shopper(stream(event(3) + event(3) + event(7, 'placed')), stepped(3, 5, 7)));
  expect(notes).toEqual([
    expect.stringContaining('step step3 of k1 was told again'),
    expect.stringContaining('step step5 of k1 was left out'),
  ]);
});

test('a shopper who watches, where the bank waits or too many watch, goes on without', async () => {
  const open: Step = (response) => void response.writeHead(200).write(event(3, 'requires_action'));
  await watch(shopper(open, stepped(3)));
  await watch(shopper(refusal(429, 'rate_limited')));
  expect(notes).toEqual([]);
  expect(asked).toHaveLength(3);
});

test('those who watch, of many checkouts, are about every third', () => {
  const ids = Array.from({ length: 256 }, (_, index) => `k-${index.toString(16).padStart(2, '0')}`);
  expect(ids.filter(watches)).toHaveLength(86);
});
