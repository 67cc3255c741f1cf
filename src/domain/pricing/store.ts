import type { EntityManager } from '@mikro-orm/postgresql';
import { money, type BasisPoints } from '../kernel/money.js';
import { toShippingMethod, type ShippingMethod, type ShippingMethodRow } from '../shipping/index.js';
import { priceLines, type BreakRow, type LineRow, type PricedLine } from './price-lines.js';
import { priceUnit, type CustomerTier } from './price-unit.js';
import type { UnitPrice } from './types.js';

/** Expects `c` to be a row of carts. */
const TIER = `
  (select jsonb_build_object('code', t.code, 'name', t.name, 'discountBp', t.discount_bp)
     from customer_tiers t
    where t.code = coalesce(?::text, (select u.tier from users u where u.id = c.user_id)))`;

const LINES = `
  (select coalesce(jsonb_agg(jsonb_build_object(
            'id', l.id, 'variantId', l.variant_id, 'productId', p.id, 'vendorId', p.vendor_id, 'sku', v.sku,
            'title', p.title || case when v.title = '' then '' else ' – ' || v.title end,
            'taxClass', p.tax_class, 'quantity', l.quantity, 'keptUnitPrice', l.unit_price_amount,
            'base', p.price_amount, 'variantAdjustment', v.price_adjustment_amount, 'currency', p.currency,
            'sold', p.status = 'published' and v.status = 'active' and p.currency = c.currency,
            'available', coalesce(s.on_hand - s.reserved, 0) + coalesce(
              (select sum(r.quantity) from cart_holds h join reservations r on r.hold_id = h.id
                where h.cart_id = c.id and h.state = 'live' and r.state = 'live' and r.variant_id = l.variant_id), 0))
            order by l.id), '[]')
     from cart_lines l
     join variants v on v.id = l.variant_id
     join products p on p.id = v.product_id
     left join stock_levels s on s.variant_id = v.id
    where l.cart_id = c.id)`;

const BREAKS = `
  (select coalesce(jsonb_agg(jsonb_build_object(
            'variantId', b.variant_id, 'minQuantity', b.min_quantity, 'discountBp', b.discount_bp)), '[]')
     from quantity_breaks b
    where b.variant_id is null or b.variant_id in (select l.variant_id from cart_lines l where l.cart_id = c.id))`;

interface PricingRow {
  readonly currency: string;
  readonly tier: CustomerTier | null;
  readonly lines: readonly LineRow[];
  readonly breaks: readonly BreakRow[];
}

/** The lines of a cart at today's prices, oldest first; empty where there is no such cart. */
export async function loadPricedLines(em: EntityManager, cartId: string): Promise<PricedLine[]> {
  const [row] = await em.execute<PricingRow[]>(
    `select c.currency, ${TIER} as tier, ${LINES} as lines, ${BREAKS} as breaks from carts c where c.id = ?`,
    [null, cartId],
  );
  return row === undefined ? [] : priceLines(row.lines, row.breaks, row.tier);
}

export interface QuoteFacts {
  readonly currency: string;
  readonly lines: readonly PricedLine[];
  /** Every row of the named method, for the country. */
  readonly methods: readonly ShippingMethod[];
  readonly taxRates: ReadonlyMap<string, BasisPoints>;
}

/** All that a quote is made of, in one statement. Null: no such cart. */
export async function loadQuoteFacts(
  em: EntityManager,
  query: {
    readonly cartId: string;
    readonly country: string;
    readonly shippingMethod: string;
    readonly tier: string | null;
  },
): Promise<QuoteFacts | null> {
  const [row] = await em.execute<
    (PricingRow & {
      readonly methods: readonly ShippingMethodRow[];
      readonly taxes: readonly { readonly tax_class: string; readonly rate_bp: number }[];
    })[]
  >(
    `select c.currency, ${TIER} as tier, ${LINES} as lines, ${BREAKS} as breaks,
       (select coalesce(jsonb_agg(to_jsonb(m)), '[]') from shipping_methods m
         where m.active and m.code = ? and (m.country is null or m.country = ?)) as methods,
       (select coalesce(jsonb_agg(to_jsonb(r)), '[]') from tax_rates r where r.country = ?) as taxes
     from carts c where c.id = ?`,
    [query.tier, query.shippingMethod, query.country, query.country, query.cartId],
  );
  if (row === undefined) return null;
  return {
    currency: row.currency,
    lines: priceLines(row.lines, row.breaks, row.tier),
    methods: row.methods.map(toShippingMethod),
    taxRates: new Map(row.taxes.map((rate) => [rate.tax_class, rate.rate_bp])),
  };
}

/** Null: no such variant is sold. A tier that does not exist gives no discount. */
export async function loadVariantPrice(
  em: EntityManager,
  query: { readonly variantId: string; readonly quantity: number; readonly tier: string | null },
): Promise<UnitPrice | null> {
  const [row] = await em.execute<
    {
      readonly base: number;
      readonly adjustment: number;
      readonly currency: string;
      readonly tier: CustomerTier | null;
      readonly breaks: readonly BreakRow[];
    }[]
  >(
    `select p.price_amount as base, v.price_adjustment_amount as adjustment, p.currency,
       (select jsonb_build_object('code', t.code, 'name', t.name, 'discountBp', t.discount_bp)
          from customer_tiers t where t.code = ?::text) as tier,
       (select coalesce(jsonb_agg(jsonb_build_object('minQuantity', b.min_quantity, 'discountBp', b.discount_bp)), '[]')
          from quantity_breaks b where b.variant_id is null or b.variant_id = v.id) as breaks
     from variants v join products p on p.id = v.product_id
     where v.id = ? and v.status = 'active' and p.status = 'published'`,
    [query.tier, query.variantId],
  );
  if (row === undefined) return null;
  return priceUnit({
    base: money(row.base, row.currency),
    variantAdjustment: money(row.adjustment, row.currency),
    breaks: row.breaks,
    tier: row.tier,
    quantity: query.quantity,
  });
}
