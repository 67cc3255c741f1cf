import { DomainError } from '../../domain/kernel/errors.js';
import type { PaymentGateway } from '../../domain/payments/ports.js';

export interface OnDeliveryOptions {
  /** ISO 3166: where parcels are paid at the door. */
  readonly countries: readonly string[];
  readonly currency: string;
  /** The most that is carried along at once, in minor units. */
  readonly most: number;
}

/**
 * Paid when the parcel arrives: nobody is asked, nothing is held, and staff who record the delivery record the money. What is
 * given back is handed out by staff, so a refund is done when it is asked for.
 */
export function createOnDeliveryGateway({ countries, currency, most }: OnDeliveryOptions): PaymentGateway {
  const due = (checkoutId: string) => ({ kind: 'due', intentId: `due_${checkoutId}` }) as const;
  return {
    provider: 'on_delivery',
    limits: {
      methods: ['cash'],
      countries,
      range: (wanted) => (wanted === currency ? { least: 1, most } : null),
    },
    authorise: async ({ checkoutId }) => due(checkoutId),
    retrieve: async (_intentId, { checkoutId }) => due(checkoutId),
    find: async ({ checkoutId }) => due(checkoutId),
    clientSecret: async () => {
      throw new DomainError('not_found', 'nothing is confirmed before delivery');
    },
    capture: async () => ({ kind: 'refused', reason: 'paid_on_delivery' }),
    void: async () => ({ kind: 'voided' }),
    refund: async ({ key, amount }) => ({ kind: 'refunded', refundId: key, amount }),
    refundsOf: async () => [],
    parseEvent: () => {
      throw new DomainError('bad_request', 'pay on delivery sends no events');
    },
  };
}
