import type { Config } from '../config.js';
import type { PaymentGateway, PaymentStatements } from '../domain/payments/index.js';
import { createOnDeliveryGateway } from '../infra/on-delivery/gateway.js';
import { createStripeGateway } from '../infra/stripe/gateway.js';
import { createStripeStatements } from '../infra/stripe/statements.js';

/** Every payment provider by the name that clients use for it. */
export function createGateways({
  stripe,
  onDelivery,
  shop,
}: Pick<Config, 'stripe' | 'onDelivery' | 'shop'>): ReadonlyMap<string, PaymentGateway> {
  // The second also where it is offered nowhere any more: its orders are still under way.
  const gateways = [createStripeGateway(stripe), createOnDeliveryGateway({ ...onDelivery, currency: shop.currency })];
  return new Map(gateways.map((gateway) => [gateway.provider, gateway]));
}

/** The books of all providers that keep some. */
export const createStatements = (config: Pick<Config, 'stripe'>): readonly PaymentStatements[] => [
  createStripeStatements(config.stripe),
];
