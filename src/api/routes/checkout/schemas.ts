import { z } from 'zod';
import { Country, Id, Instant, Money } from '../../openapi/schemas.js';

const line = (max: number) => z.string().trim().min(1).max(max);

export const Address = z
  .strictObject({
    name: line(200),
    line1: line(200),
    line2: line(200).optional(),
    city: line(100),
    region: line(100).optional(),
    postal_code: line(20),
    country: Country,
  })
  .meta({ id: 'Address' });

export const Phone = z
  .string()
  .regex(/^\+[1-9]\d{6,14}$/, 'must be in E.164 form, such as +4915112345678')
  .meta({ id: 'Phone' });

export const CheckoutBody = z
  .strictObject({
    shipping_address: Address,
    billing_address: Address.optional(),
    email: z.email().max(254).optional().meta({ description: 'required of guests; customers get theirs' }),
    phone: Phone.optional(),
    shipping_method: z.string().regex(/^[a-z0-9_-]{1,50}$/, 'must be the code of a shipping method'),
    payment: z.strictObject({
      provider: z.string().regex(/^[a-z0-9_-]{1,50}$/),
      payment_method: z
        .string()
        .regex(/^[\w-]{1,100}$/)
        .optional(),
    }),
    expected_total: Money.optional(),
  })
  .meta({
    id: 'CheckoutRequest',
    examples: [
      {
        email: 'ada@example.com',
        shipping_address: {
          name: 'Ada Lovelace',
          line1: '1 Main St',
          city: 'Springfield',
          postal_code: '12345',
          country: 'US',
        },
        shipping_method: 'standard',
        payment: { provider: 'stripe', payment_method: 'pm_card_visa' },
      },
    ],
  });

export const CheckoutStatus = z
  .enum([
    'reserving',
    'authorising',
    'requires_action',
    'placing',
    'placed',
    'failed',
    'cancelled',
    'expired',
    'needs_attention',
  ])
  .meta({ id: 'CheckoutStatus' });

export const Checkout = z
  .strictObject({
    checkout_id: Id,
    status: CheckoutStatus,
    order_id: Id.nullable(),
    failure: z.strictObject({ code: z.string(), data: z.record(z.string(), z.unknown()) }).nullable(),
    expires_at: Instant.nullable().meta({ description: 'when the reserved stock is given back' }),
    steps: z.array(z.strictObject({ id: z.int(), step: z.string(), at: Instant })),
    client_secret: z
      .string()
      .optional()
      .meta({ description: 'with requires_action: lets the customer’s browser confirm the payment' }),
    events_token: z.string().meta({ description: 'opens the event stream for 15 minutes' }),
    order_token: z.string().meta({ description: 'reads and cancels this checkout and its order without a login' }),
    url: z.string(),
    events_url: z.string(),
  })
  .meta({ id: 'Checkout' });
