import type { RowCheck } from './row-check.js';

const LIVE = `select variant_id, sum(quantity)::integer as quantity from reservations where state = 'live' group by variant_id`;

/** Whole and at any moment: each statement sees one snapshot, and every change of stock is one transaction. */
export const STOCK_CHECKS: readonly RowCheck[] = [
  {
    promise: 'stock',
    check: 'reserved is between 0 and what is on hand',
    looked: 'stock_levels',
    breaches: `select format('reserved %s of %s on hand', reserved, on_hand) as what,
        jsonb_build_object('variant', variant_id) as ids
      from stock_levels where reserved not between 0 and on_hand`,
  },
  {
    promise: 'stock',
    check: 'reserved is the sum of the live reservations',
    looked: 'stock_levels',
    breaches: `select format('reserved %s, live reservations %s', s.reserved, coalesce(r.quantity, 0)) as what,
        jsonb_build_object('variant', s.variant_id) as ids
      from stock_levels s left join (${LIVE}) r using (variant_id) where s.reserved <> coalesce(r.quantity, 0)`,
  },
  {
    promise: 'stock',
    check: 'movements add up to what is on hand',
    looked: 'stock_movements',
    breaches: `select format('on hand %s, movements %s', s.on_hand, coalesce(m.delta, 0)) as what,
        jsonb_build_object('variant', s.variant_id) as ids
      from stock_levels s
      left join (select variant_id, sum(delta) as delta from stock_movements group by variant_id) m using (variant_id)
      where s.on_hand <> coalesce(m.delta, 0)`,
  },
  {
    promise: 'stock',
    check: 'each order took its lines from stock once',
    looked: 'orders',
    breaches: `select format('ordered %s, taken %s', coalesce(l.quantity, 0), coalesce(m.quantity, 0)) as what,
        jsonb_build_object('order', o.id, 'variant', coalesce(l.variant_id, m.variant_id)) as ids
      from (select order_id, variant_id, sum(quantity) as quantity from order_lines group by order_id, variant_id) l
      full join (select reference, variant_id, -sum(delta) as quantity from stock_movements
                  where reason = 'sale' group by reference, variant_id) m
        on m.reference = l.order_id::text and m.variant_id = l.variant_id
      left join orders o on o.id::text = coalesce(l.order_id::text, m.reference)
      where coalesce(l.quantity, 0) <> coalesce(m.quantity, 0)`,
  },
  {
    promise: 'stock',
    check: 'no reservation outlives its end by a minute, unless its payment is being settled',
    looked: `reservations where state = 'live'`,
    breaches: `select format('ended %s', r.expires_at) as what,
        jsonb_strip_nulls(jsonb_build_object('reservation', r.id, 'checkout', r.checkout_id, 'hold', r.hold_id)) as ids
      from reservations r left join checkouts k on k.id = r.checkout_id
      where r.state = 'live' and r.expires_at < now() - interval '1 minute'
        and (k.id is null or k.closed_at is not null or not exists (
          select from payment_attempts a
          where a.checkout_id = k.id and a.step = 'authorise' and a.state <> 'tombstoned' and a.outcome is distinct from 'voided'))`,
  },
];
