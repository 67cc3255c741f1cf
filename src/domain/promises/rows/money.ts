import type { RowCheck } from './row-check.js';

/** What a ledger row adds to what is ours: captures and refunds that came back, less refunds. */
const NET = `sum(case l.type when 'refund' then -l.amount else l.amount end)`;
const REFUNDED = `sum(case l.type when 'capture' then 0 when 'refund' then l.amount else -l.amount end)`;

export const MONEY_CHECKS: readonly RowCheck[] = [
  {
    promise: 'money',
    check: "an order's total is the sum of its parts",
    looked: 'orders',
    breaches: `select format('total %s; lines %s, discount %s, shipping %s, tax %s', o.total_amount, l.lines, l.discount, l.shipping, l.tax) as what,
        jsonb_build_object('order', o.id) as ids
      from orders o
      cross join lateral (
        select coalesce(sum(line_total_amount), 0) as lines, coalesce(sum(discount_amount), 0) as discount,
          coalesce(sum(shipping_amount), 0) as shipping, coalesce(sum(tax_amount + shipping_tax_amount), 0) as tax,
          coalesce(bool_and(line_total_amount = quantity * unit_price_amount and currency = o.currency), false) as whole
        from order_lines where order_id = o.id) l
      where not l.whole
        or (o.subtotal_amount, o.discount_amount, o.shipping_amount, o.tax_amount) is distinct from
           (l.lines, l.discount, l.shipping, l.tax)
        or o.total_amount <> o.subtotal_amount - o.discount_amount + o.shipping_amount
           + case when o.prices_include_tax then 0 else o.tax_amount end`,
  },
  {
    promise: 'money',
    check: 'an order is paid by one payment of its total and currency',
    looked: 'orders',
    breaches: `select format('total %s %s, payment %s %s', o.total_amount, o.currency, coalesce(p.amount::text, 'none'), p.currency) as what,
        jsonb_strip_nulls(jsonb_build_object('order', o.id, 'payment', p.id)) as ids
      from orders o left join payments p on p.order_id = o.id
      where (p.id is null and o.total_amount > 0)
        or p.amount <> o.total_amount or p.currency <> o.currency or p.checkout_id <> o.checkout_id`,
  },
  {
    promise: 'money',
    check: 'a payment says of captures and refunds what the ledger says',
    looked: 'payments',
    breaches: `select format('payment %s captured, %s refunded; ledger %s and %s', p.captured_amount, p.refunded_amount, l.captured, l.refunded) as what,
        jsonb_build_object('payment', p.id, 'order', p.order_id, 'intent', p.intent_id) as ids
      from payments p
      cross join lateral (
        select coalesce(sum(l.amount) filter (where l.type = 'capture'), 0) as captured, coalesce(${REFUNDED}, 0) as refunded,
          coalesce(bool_and(l.currency = p.currency), true) as same
        from payment_ledger l where l.provider = p.provider and l.intent_id = p.intent_id) l
      where p.checkout_id not in (select id from unsettled)
        and (not l.same or (p.captured_amount, p.refunded_amount) is distinct from (l.captured, l.refunded))`,
  },
  {
    promise: 'money',
    check: 'money of a checkout without an order is back',
    looked: '(select distinct checkout_id from payment_ledger) l',
    breaches: `select format('%s kept', ${NET}) as what, jsonb_build_object('checkout', l.checkout_id) as ids
      from payment_ledger l
      where l.checkout_id not in (select id from unsettled)
        and not exists (select from orders o where o.checkout_id = l.checkout_id)
      group by l.checkout_id having ${NET} <> 0`,
  },
  {
    promise: 'money',
    check: 'a checkout is captured at most once',
    looked: `payment_ledger where type = 'capture'`,
    breaches: `select format('%s captures', count(*)) as what, jsonb_build_object('checkout', checkout_id) as ids
      from payment_ledger where type = 'capture' group by checkout_id having count(*) > 1`,
  },
  {
    promise: 'money',
    check: 'a confirmed order is captured, or to be paid on delivery',
    looked: `orders where status in ('confirmed', 'shipped', 'delivered')`,
    breaches: `select format('order %s, payment %s', o.status, p.status) as what,
        jsonb_build_object('order', o.id, 'payment', p.id) as ids
      from orders o join payments p on p.order_id = o.id
      where o.status in ('confirmed', 'shipped', 'delivered') and p.status not in ('captured', 'due', 'refunded')
        and o.checkout_id not in (select id from unsettled)`,
  },
];
