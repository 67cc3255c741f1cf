import Stripe from 'stripe';
import { newId } from '../../../src/domain/kernel/ids.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import type { Flows } from '../../../src/workflows/contracts.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';

const SECRET = 'whsec_refunds';
const started: string[] = [];
const refuse = (): never => {
  throw new Error('not asked for');
};
const flows: Flows = {
  start: async (flow, workflowId) => void started.push(`${flow} ${workflowId}`),
  checkoutOutcome: refuse,
  signal: refuse,
  update: refuse,
  state: refuse,
};

let app: TestApp;
beforeAll(async () => {
  const stripe = createStripeGateway({
    secretKey: 'sk_test_x',
    apiUrl: 'http://127.0.0.1:9',
    webhookSecrets: [SECRET],
  });
  app = await openApp({ flows, gateways: new Map([['stripe', stripe]]) });
});
afterAll(() => app.close());

async function tell(type: string, object: object): Promise<{ id: string; status: number }> {
  const id = `evt_${newId()}`;
  const payload = JSON.stringify({ id, object: 'event', type, created: 1_700_000_000, data: { object } });
  const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET });
  const { status } = await fetch(`${app.origin}/api/v1/webhooks/stripe`, {
    method: 'POST',
    body: payload,
    headers: { 'Stripe-Signature': signature },
  });
  return { id, status };
}

test('events of a refund start a flow that books it, for payments of ours alone', async () => {
  const orderId = await placedOrder(app.deps.query, app.deps.cipher);
  const intent = `pi_${orderId}`;
  await app.shop.run(
    `insert into payment_attempts (id, checkout_id, step, attempt, key, parameter_hash, state, outcome, intent_id)
     select ?, checkout_id, 'authorise', 1, ?, '-', 'settled', 'authorised', ? from orders where id = ?`,
    [newId(), newId(), intent, orderId],
  );
  const refund = { id: 're_1', object: 'refund', amount: 100, currency: 'usd', payment_intent: intent, metadata: {} };
  const charge = {
    id: 'ch_1',
    object: 'charge',
    amount: 2_499,
    amount_captured: 2_499,
    amount_refunded: 100,
    captured: true,
    currency: 'usd',
    payment_intent: intent,
    metadata: {},
  };
  const told = [
    await tell('refund.created', refund),
    await tell('refund.failed', refund),
    await tell('charge.refunded', charge),
    await tell('charge.refund.updated', refund),
  ];
  const others = [
    await tell('charge.captured', charge),
    await tell('refund.created', { ...refund, payment_intent: 'pi_of_another_shop' }),
  ];
  expect([...told, ...others].map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
  expect(started).toEqual(told.map(({ id }) => `refundEvent refund-event-${id}`));
});

test('the event of a refund that came back, of money that the ledger alone knows, starts a flow too', async () => {
  const orderId = await placedOrder(app.deps.query, app.deps.cipher);
  const intent = `pi_beside_${orderId}`;
  await app.shop.run(
    `insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
     select ?, checkout_id, 'stripe', ?, 'capture', ?, 100, 'USD' from orders where id = ?`,
    [newId(), intent, `ch_${intent}`, orderId],
  );
  const refund = { id: 're_2', object: 'refund', amount: 100, currency: 'usd', payment_intent: intent, metadata: {} };
  const { id, status } = await tell('refund.failed', refund);
  expect(status).toBe(200);
  expect(started).toContain(`refundEvent refund-event-${id}`);
});
