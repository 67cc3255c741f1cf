import type { EntityManager } from '@mikro-orm/postgresql';
import { money, type BasisPoints } from '../kernel/money.js';
import { prepared } from '../kernel/prepared.js';
import { toShippingMethod, type ShippingMethod, type ShippingMethodRow } from '../shipping/index.js';
import { priceLines, type BreakRow, type LineRow, type PricedLine } from './price-lines.js';
import { priceUnit, type CustomerTier, type PriceInput, type QuantityBreak } from './price-unit.js';
import type { UnitPrice } from './types.js';

/** Expects `c` to be a row of carts. */
const TIER = `
  (select jsonb_build_object('code', t.code, 'name', t.name, 'discountBp', t.discount_bp)
     from customer_tiers t
    where t.code = coalesce(?::text, (select u.tier from users u where u.id = c.user_id)))`;

/** Expects `l` and `s` too. What the cart's own hold or checkout has reserved is there for it. */
const AVAILABLE = `
  (coalesce(s.on_hand - s.reserved, 0)
   + coalesce((select sum(r.quantity) from cart_holds h join reservations r on r.hold_id = h.id
                where h.cart_id = c.id and h.state = 'live' and r.state = 'live' and r.variant_id = l.variant_id), 0)
   + coalesce((select sum(r.quantity) from reservations r
                where r.checkout_id = c.checkout_id and r.state = 'live' and r.variant_id = l.variant_id), 0))`;

const LINES = `
  (select coalesce(jsonb_agg(jsonb_build_object(
            'id', l.id, 'variantId', l.variant_id, 'productId', p.id, 'vendorId', p.vendor_id, 'sku', v.sku,
            'title', p.title || case when v.title = '' then '' else ' – ' || v.title end,
            'taxClass', p.tax_class, 'quantity', l.quantity, 'keptUnitPrice', l.unit_price_amount,
            'base', p.price_amount, 'variantAdjustment', v.price_adjustment_amount, 'currency', p.currency,
            'sold', p.status = 'published' and v.status = 'active' and p.currency = c.currency,
            'available', ${AVAILABLE})
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

/**
 * SQL, for a select from carts `c`: a text that changes with the cart's version and with every price, rule, title and
 * shortage of stock that its lines depend on.
 */
export const PRICING_STAMP = `md5(concat_ws('|', c.version,
  (select concat_ws(':', t.discount_bp, t.name) from users u join customer_tiers t on t.code = u.tier where u.id = c.user_id),
  (select string_agg(concat_ws(':', l.id, l.quantity, l.unit_price_amount, p.price_amount, v.price_adjustment_amount,
            p.currency, p.status, v.status, v.sku, p.title, v.title, least(l.quantity, ${AVAILABLE})), ',' order by l.id)
     from cart_lines l
     join variants v on v.id = l.variant_id
     join products p on p.id = v.product_id
     left join stock_levels s on s.variant_id = v.id
    where l.cart_id = c.id),
  (select string_agg(concat_ws(':', b.variant_id, b.min_quantity, b.discount_bp), ',' order by b.id)
     from quantity_breaks b
    where b.variant_id is null or b.variant_id in (select l.variant_id from cart_lines l where l.cart_id = c.id))))`;

export interface PricedCart {
  /** Of the same snapshot as the lines. */
  readonly stamp: string;
  /** Oldest first. */
  readonly lines: readonly PricedLine[];
}

/** The lines of a cart at today's prices. */
export async function loadPricedCart(em: EntityManager, cartId: string): Promise<PricedCart> {
  const [row] = await em.execute<(PricingRow & { readonly stamp: string })[]>(
    prepared(`select c.currency, ${TIER} as tier, ${LINES} as lines, ${BREAKS} as breaks, ${PRICING_STAMP} as stamp
       from carts c where c.id = ?`),
    [null, cartId],
  );
  return row === undefined
    ? { stamp: '', lines: [] }
    : { stamp: row.stamp, lines: priceLines(row.lines, row.breaks, row.tier) };
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
    prepared(`select c.currency, ${TIER} as tier, ${LINES} as lines, ${BREAKS} as breaks,
       (select coalesce(jsonb_agg(to_jsonb(m)), '[]') from shipping_methods m
         where m.active and m.code = ? and (m.country is null or m.country = ?)) as methods,
       (select coalesce(jsonb_agg(to_jsonb(r)), '[]') from tax_rates r where r.country = ?) as taxes
     from carts c where c.id = ?`),
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

/** What the price of a variant depends on, but for the quantity. */
export type VariantPricing = Omit<PriceInput, 'quantity'>;

export const priceVariant = (pricing: VariantPricing, quantity: number): UnitPrice =>
  priceUnit({ ...pricing, quantity });

/** For a tier, or for the owner of a cart. Null: no such variant is sold. An unknown tier gives no discount. */
export async function loadVariantPricing(
  em: EntityManager,
  {
    variantId,
    buyer,
  }: { readonly variantId: string; readonly buyer: { readonly tier: string | null } | { readonly cartId: string } },
): Promise<VariantPricing | null> {
  const [row] = await em.execute<
    {
      readonly base: number;
      readonly adjustment: number;
      readonly currency: string;
      readonly tier: CustomerTier | null;
      readonly breaks: readonly QuantityBreak[];
    }[]
  >(
    prepared(`select p.price_amount as base, v.price_adjustment_amount as adjustment, p.currency,
       (select jsonb_build_object('code', t.code, 'name', t.name, 'discountBp', t.discount_bp) from customer_tiers t
         where t.code = coalesce(?::text,
           (select u.tier from carts c join users u on u.id = c.user_id where c.id = ?::uuid))) as tier,
       (select coalesce(jsonb_agg(jsonb_build_object('minQuantity', b.min_quantity, 'discountBp', b.discount_bp)), '[]')
          from quantity_breaks b where b.variant_id is null or b.variant_id = v.id) as breaks
     from variants v join products p on p.id = v.product_id
     where v.id = ? and v.status = 'active' and p.status = 'published'`),
    ['tier' in buyer ? buyer.tier : null, 'cartId' in buyer ? buyer.cartId : null, variantId],
  );
  if (row === undefined) return null;
  return {
    base: money(row.base, row.currency),
    variantAdjustment: money(row.adjustment, row.currency),
    breaks: row.breaks,
    tier: row.tier,
  };
}
