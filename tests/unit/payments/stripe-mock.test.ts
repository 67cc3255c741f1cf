import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { AuthoriseRequest, PaymentGateway } from '../../../src/domain/payments/ports.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { describeWith, serviceUrl } from '../../support/services.js';

// Stripe's own mock knows the API's document and refuses what the API would not understand. It keeps no state, so what
// its answers mean for a payment is of no interest here: only that none of the adapter's requests is refused.
const sent: string[] = [];
let gateway: PaymentGateway;
let url = '';

/** Stands between the adapter and the mock and notes every request with its status. */
const witness = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    const headers = {
      authorization: request.headers.authorization ?? '',
      'content-type': request.headers['content-type'] ?? '',
    };
    const { method = 'GET' } = request;
    fetch(`${serviceUrl('stripe-mock')}${request.url}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: Buffer.concat(chunks) } : {}),
    })
      .then(async (answer) => {
        sent.push(`${answer.status} ${method} ${request.url?.split('?')[0]}`);
        response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
      })
      .catch(() => response.destroy());
  });
});

beforeAll(async () => {
  await new Promise<void>((resolve) => witness.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(witness.address() as AddressInfo).port}`;
  gateway = createStripeGateway({ secretKey: 'sk_test_mock', apiUrl: url, webhookSecrets: [] });
});
beforeEach(() => void (sent.length = 0));
afterAll(async () => {
  witness.closeAllConnections();
  await new Promise((resolve) => witness.close(resolve));
});

const USD = { amount: 4200, currency: 'USD' };
const request = (paymentMethod: string | null): AuthoriseRequest => ({
  key: `k-${paymentMethod}`,
  checkoutId: 'c1',
  attempt: 1,
  amount: USD,
  paymentMethod,
});

describeWith('stripe-mock', "Stripe's mock", () => {
  test('a request, with what the API does not have, is refused', async () => {
    await fetch(`${url}/v1/payment_intents`, {
      method: 'POST',
      headers: { authorization: 'Bearer sk_test_mock', 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ amount: '4200', currency: 'usd', colour: 'red' }),
    });
    expect(sent).toEqual(['400 POST /v1/payment_intents']);
  });

  test('authorise, with and without a method, is understood', async () => {
    await gateway.authorise(request('pm_card_visa'));
    await gateway.authorise(request(null));
    expect(sent).toEqual(['200 POST /v1/payment_intents', '200 POST /v1/payment_intents']);
  });

  test('retrieve, the client secret and find are understood', async () => {
    await gateway.retrieve('pi_123', request(null));
    await gateway.clientSecret('pi_123');
    await gateway.find(request(null), new Date(), new Date());
    expect(sent).toEqual([
      '200 GET /v1/payment_intents/pi_123',
      '200 GET /v1/payment_intents/pi_123',
      '200 GET /v1/payment_intents',
    ]);
  });

  test('capture and void are understood', async () => {
    await gateway.capture({ key: 'c', intentId: 'pi_123', amount: USD });
    await gateway.void({ key: 'v', intentId: 'pi_123' });
    expect(sent).toEqual(['200 POST /v1/payment_intents/pi_123/capture', '200 POST /v1/payment_intents/pi_123/cancel']);
  });

  test('refund is understood', async () => {
    await gateway.refund({ key: 'r', intentId: 'pi_123', amount: USD, reason: 'return' });
    await gateway.refundsOf('pi_123');
    expect(sent).toEqual(['200 GET /v1/refunds', '200 POST /v1/refunds', '200 GET /v1/refunds']);
  });
});
