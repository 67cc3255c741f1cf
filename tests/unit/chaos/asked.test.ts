import { readAsked } from '../../../bench/chaos/facts.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { held, SECRET_KEY, startStripe } from '../simulators/stripe-bench.js';

test('payments as the provider was asked for them, of two under a key and one without, are told with their attempts and keys, one made up', async () => {
  const bench = await startStripe();
  try {
    const connection = { secretKey: SECRET_KEY, apiUrl: bench.url };
    const gateway = createStripeGateway({ ...connection, webhookSecrets: [] });
    const request = { checkoutId: 'k1', amount: { amount: 500, currency: 'USD' } };
    await gateway.authorise({ ...request, key: 'one', attempt: 1, paymentMethod: 'pm_card_chargeDeclined' });
    await gateway.authorise({ ...request, key: 'two', attempt: 2, paymentMethod: 'pm_card_visa' });
    await gateway.authorise({ ...request, key: 'two', attempt: 2, paymentMethod: 'pm_card_visa' });
    await bench.stripe.paymentIntents.create(held('pm_card_visa', { metadata: { checkout_id: 'k2', attempt: '1' } }));
    const asked = (await readAsked(connection)).map(({ checkout, attempt, key }) => [checkout, attempt, key]);
    expect(asked.toReversed()).toEqual([
      ['k1', '1', 'one'],
      ['k1', '2', 'two'],
      ['k2', '1', expect.stringMatching(/^stripe-node-retry-/)],
    ]);
  } finally {
    await bench.close();
  }
});
