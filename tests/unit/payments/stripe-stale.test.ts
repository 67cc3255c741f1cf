import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthoriseRequest, PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { SECRET_KEY, startStripe, type StripeBench } from '../simulators/stripe-bench.js';

const UNEXPECTED = JSON.stringify({
  error: { type: 'invalid_request_error', code: 'payment_intent_unexpected_state', message: 'processing' },
});
const amount = { amount: 4200, currency: 'USD' };

let bench: StripeBench;
let front: Server;
let gateway: PaymentGateway;
/** What the front makes of the provider's answers, e.g. an intent in another state. */
let seen: (body: string) => string;
/** Keys of changes that were refused while the intent was processing, and stay so. */
let refused: Set<string>;
let processing: boolean;

beforeAll(async () => {
  bench = await startStripe();
  front = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const key = String(request.headers['idempotency-key']);
      const change = /\/(cancel|capture)$/.test(request.url ?? '');
      if (change && (processing || refused.has(key))) {
        response.writeHead(400, {
          'content-type': 'application/json',
          ...(refused.has(key) ? { 'idempotent-replayed': 'true' } : {}),
        });
        refused.add(key);
        response.end(UNEXPECTED);
        return;
      }
      void forward(request.method ?? 'GET', request.url ?? '', key, Buffer.concat(chunks).toString()).then((answer) => {
        response.writeHead(answer.status, { 'content-type': 'application/json' });
        response.end(answer.body);
      });
    });
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  gateway = createStripeGateway({
    secretKey: SECRET_KEY,
    apiUrl: `http://127.0.0.1:${(front.address() as AddressInfo).port}`,
    webhookSecrets: [],
    timeoutMs: 1_000,
  });
});
beforeEach(() => {
  seen = (body) => body;
  refused = new Set();
  processing = false;
});
afterAll(async () => {
  front.closeAllConnections();
  await new Promise((resolve) => front.close(resolve));
  await bench.close();
});

async function forward(method: string, path: string, key: string, body: string) {
  const answer = await fetch(`${bench.url}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${SECRET_KEY}`,
      ...(method === 'POST' ? { 'content-type': 'application/x-www-form-urlencoded', 'idempotency-key': key } : {}),
    },
    ...(method === 'POST' ? { body } : {}),
  });
  return { status: answer.status, body: seen(await answer.text()) };
}

const changed = (body: string, change: object): string =>
  JSON.stringify({ ...(JSON.parse(body) as object), ...change });

const wanted = (key: string): AuthoriseRequest => ({
  key,
  checkoutId: key,
  attempt: 1,
  amount,
  paymentMethod: 'pm_card_visa',
});

async function authorised(key: string): Promise<string> {
  const outcome = await gateway.authorise(wanted(key));
  if (outcome.kind !== 'authorised') throw new Error(`expected authorised, got ${outcome.kind}`);
  return outcome.intentId;
}

async function whileProcessing<T>(work: () => Promise<T>): Promise<T> {
  processing = true;
  seen = (body) => changed(body, { status: 'processing' });
  const result = await work();
  processing = false;
  seen = (body) => body;
  return result;
}

test('void, first refused while the intent was processing, is done under the same key once it is held', async () => {
  const intentId = await authorised('slow-void');
  const release = () => gateway.void({ key: 'slow-void:void', intentId });
  for (let round = 0; round < 2; round += 1)
    expect(await whileProcessing(release)).toEqual({ kind: 'unknown', reason: 'processing' });
  expect(await release()).toEqual({ kind: 'voided' });
  expect(bench.simulator.ledger(intentId).intents).toMatchObject([{ voided: 4200, held: 0 }]);
});

test('capture, first refused while the intent was processing, takes the money once', async () => {
  const intentId = await authorised('slow-capture');
  const take = () => gateway.capture({ key: 'slow-capture:capture', intentId, amount });
  expect(await whileProcessing(take)).toEqual({ kind: 'unknown', reason: 'processing' });
  for (let round = 0; round < 2; round += 1) expect(await take()).toMatchObject({ kind: 'captured', amount });
  expect(bench.simulator.ledger(intentId).intents).toMatchObject([{ captures: 1, captured: 4200 }]);
});

test('an intent that was paid but names no charge is unknown to every call', async () => {
  const intentId = await authorised('no-charge');
  seen = (body) => changed(body, { latest_charge: null });
  const unknown = { kind: 'unknown', reason: 'charge_missing' };
  expect(await gateway.capture({ key: 'no-charge:capture', intentId, amount })).toEqual(unknown);
  expect(await gateway.retrieve(intentId, wanted('no-charge'))).toEqual(unknown);
});
