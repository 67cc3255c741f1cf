import type { Config } from '../config.js';
import type { PaymentGateway } from '../domain/payments/index.js';
import { createStripeGateway } from '../infra/stripe/gateway.js';

/** Every payment provider by the name that clients use for it. */
export function createGateways(config: Pick<Config, 'stripe'>): ReadonlyMap<string, PaymentGateway> {
  const stripe = createStripeGateway(config.stripe);
  return new Map([[stripe.provider, stripe]]);
}
