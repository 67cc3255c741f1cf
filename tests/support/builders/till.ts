import { createCheckoutActivities } from '../../../src/activities/checkout.js';
import { createPaymentActivities } from '../../../src/activities/payments.js';
import type { PaymentGateway } from '../../../src/domain/payments/index.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { SECRET_KEY, startStripe } from '../../unit/simulators/stripe-bench.js';
import { openMarket } from './market.js';

/** A market with the payment activities on a provider of its own; `at` moves the worker's clock. */
export async function openTill() {
  const market = await openMarket();
  const provider = await startStripe();
  const gateway = createStripeGateway({
    secretKey: SECRET_KEY,
    apiUrl: provider.url,
    webhookSecrets: [],
    timeoutMs: 1_000,
  });
  let ahead = 0;
  const deps = { ...market, gateways: new Map([['stripe', gateway]]), now: () => new Date(Date.now() + ahead) };

  return {
    ...market,
    provider,
    gateway,
    payments: createPaymentActivities(deps),
    checkouts: createCheckoutActivities({ ...deps, reservationMs: 900_000, pricesIncludeTax: false }),

    /** Activities of a worker whose gateway is changed: frozen, or of another opinion. */
    withGateway: (change: Partial<PaymentGateway>) => {
      const gateways = new Map([['stripe', { ...gateway, ...change }]]);
      return {
        payments: createPaymentActivities({ ...deps, gateways }),
        checkouts: createCheckoutActivities({ ...deps, gateways, reservationMs: 900_000, pricesIncludeTax: false }),
      };
    },

    /** The next POST to the provider goes wrong in this way. */
    fault: (kind: string, times = 1) => provider.post('/test/switches', { [kind]: times, only: { method: 'POST' } }),
    /** The worker's clock and the provider's, from now on. */
    async later(ms: number): Promise<void> {
      ahead += ms;
      await provider.post('/test/clock', { advance_seconds: ms / 1_000 });
    },
    async reset(): Promise<void> {
      ahead = 0;
      await provider.post('/test/reset', { state: true });
    },

    /** A checkout of 24.99 that is reserved, to be paid with this card. */
    async due(paymentMethod: string | null = 'pm_card_visa') {
      const variantId = await market.variant(5);
      return { variantId, ...(await market.reserved([{ variantId, quantity: 2 }], { paymentMethod })) };
    },

    /** What the provider moved for a checkout, over all its intents. */
    moved(checkoutId: string) {
      const intents = provider.simulator.ledger().intents.filter((each) => each.metadata['checkout_id'] === checkoutId);
      const sum = (of: 'held' | 'captured' | 'refunded' | 'voided' | 'captures') =>
        intents.reduce((total, each) => total + each[of], 0);
      return {
        held: sum('held'),
        captured: sum('captured'),
        refunded: sum('refunded'),
        voided: sum('voided'),
        captures: sum('captures'),
      };
    },

    ledger: (checkoutId: string) =>
      market.shop.rows<{ type: string; amount: number }>(
        'select type, amount from payment_ledger where checkout_id = ? order by type, id',
        [checkoutId],
      ),

    async attempt(checkoutId: string) {
      const [row] = await market.shop.rows<{ state: string; outcome: string | null; intent_id: string | null }>(
        `select state, outcome, intent_id from payment_attempts where checkout_id = ? and step = 'authorise'`,
        [checkoutId],
      );
      return row;
    },

    /** Undo, as the flow runs it. */
    async undo(checkoutId: string): Promise<void> {
      await market.shut(checkoutId);
      await createPaymentActivities(deps).voidPayment({ checkoutId });
      await market.end(checkoutId);
    },

    async close(): Promise<void> {
      await provider.close();
      await market.close();
    },
  };
}

export type Till = Awaited<ReturnType<typeof openTill>>;

/** Runs an activity again as Temporal does, until it ends. */
export async function untilDone<T>(work: () => Promise<T>, tries = 5): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === tries) throw error;
    }
  }
}
