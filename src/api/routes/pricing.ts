import { z } from 'zod';
import { MOST_OF_ONE } from '../../domain/cart/index.js';
import { notFound } from '../../domain/kernel/errors.js';
import type { Query } from '../../domain/kernel/transact.js';
import { loadVariantPricing, priceVariant, type Adjustment } from '../../domain/pricing/index.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { Id, Money, queryInteger } from '../openapi/schemas.js';

export const TierCode = z.string().regex(/^[A-Z][A-Z0-9_]{0,31}$/, 'must be the code of a tier, such as GOLD');

export const AdjustmentSchema = z
  .strictObject({
    kind: z.enum(['base', 'variant', 'quantity_break', 'tier']),
    label: z.string(),
    rate: z.int().nullable().meta({ description: 'basis points, -1000 is 10 % off; null where it is an amount' }),
    amount: Money,
    unit_price: Money.meta({ description: 'after this step' }),
  })
  .meta({ id: 'Adjustment' });

const VariantPrice = z
  .strictObject({
    variant_id: Id,
    quantity: z.int(),
    unit_price: Money,
    total: Money,
    adjustments: z.array(AdjustmentSchema),
  })
  .meta({ id: 'VariantPrice' });

export const presentAdjustment = ({
  kind,
  label,
  rate,
  amount,
  unitPrice,
}: Adjustment): z.input<typeof AdjustmentSchema> => ({
  kind,
  label,
  rate,
  amount,
  unit_price: unitPrice,
});

export function createPricingRoutes({ query }: { readonly query: Query }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/variants/:id/price',
      operationId: 'getVariantPrice',
      summary: 'What a quantity of a variant costs, and how that comes about',
      tag: 'pricing',
      access: 'anyone',
      params: z.strictObject({ id: Id }),
      query: z.strictObject({
        quantity: queryInteger(1, MOST_OF_ONE).default(1),
        tier: TierCode.optional().meta({ description: "instead of the caller's own" }),
      }),
      responses: { 200: VariantPrice },
      handle: async ({ params: { id }, query: { quantity, tier }, caller }) => {
        const buyer = { tier: tier ?? (caller.kind === 'user' ? caller.tier : null) };
        const pricing = await query((em) => loadVariantPricing(em, { variantId: id, buyer }));
        if (pricing === null) throw notFound('variant');
        const { unit, total, adjustments } = priceVariant(pricing, quantity);
        return {
          status: 200,
          body: { variant_id: id, quantity, unit_price: unit, total, adjustments: adjustments.map(presentAdjustment) },
        };
      },
    }),
  ];
}
