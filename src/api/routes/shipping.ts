import { z } from 'zod';
import { money } from '../../domain/kernel/money.js';
import type { Query } from '../../domain/kernel/transact.js';
import { takes, type PaymentGateway } from '../../domain/payments/index.js';
import { listShippingMethods } from '../../domain/shipping/index.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { Country, Money, queryInteger } from '../openapi/schemas.js';

const LARGEST_TOTAL = 1e12;

const ShippingMethod = z
  .strictObject({ code: z.string(), name: z.string(), price: Money })
  .meta({ id: 'ShippingMethod', description: 'a checkout names its code' });

const PaymentOption = z
  .strictObject({ provider: z.string(), methods: z.array(z.string()), least: Money, most: Money })
  .meta({ id: 'PaymentOption', description: 'a checkout names its provider; a total of 0 needs none of them' });

const Currency = z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code');

export interface ShippingRoutesDeps {
  readonly query: Query;
  readonly shop: { readonly currency: string };
  readonly gateways: ReadonlyMap<string, PaymentGateway>;
}

export function createShippingRoutes({ query, shop, gateways }: ShippingRoutesDeps): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/shipping-methods',
      operationId: 'listShippingMethods',
      summary: 'The ways to ship to a country, for a subtotal',
      tag: 'checkout',
      access: 'anyone',
      query: z.strictObject({
        country: Country,
        total: queryInteger(0, LARGEST_TOTAL).default(0).meta({ description: 'subtotal in minor units' }),
      }),
      responses: { 200: z.strictObject({ data: z.array(ShippingMethod) }) },
      handle: async ({ query: { country, total } }) => {
        const subtotal = money(total, shop.currency);
        const methods = await query((em) => listShippingMethods(em, { country, subtotal }));
        return { status: 200, body: { data: methods.map(({ code, name, price }) => ({ code, name, price })) } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/payment-options',
      operationId: 'listPaymentOptions',
      summary: 'What a checkout may be paid with',
      tag: 'checkout',
      access: 'anyone',
      query: z.strictObject({
        country: Country.optional(),
        total: queryInteger(0, LARGEST_TOTAL).optional().meta({ description: 'what is to be paid, in minor units' }),
        currency: Currency.default(shop.currency),
      }),
      responses: { 200: z.strictObject({ data: z.array(PaymentOption) }) },
      handle: async ({ query: { country, total, currency } }) => ({
        status: 200,
        body: {
          data: [...gateways.values()].flatMap(({ provider, limits }) => {
            const range = limits.range(currency);
            if (range === null || !takes(limits, { country, amount: total, currency })) return [];
            const [least, most] = [money(range.least, currency), money(range.most, currency)];
            return [{ provider, methods: [...limits.methods], least, most }];
          }),
        },
      }),
    }),
  ];
}
