import type { RowCheck } from './row-check.js';

/** They have their share of the money, or may get it. */
const CLAIMING = `('requested', 'pending', 'succeeded')`;

export const REFUND_CHECKS: readonly RowCheck[] = [
  {
    promise: 'money',
    check: 'a payment gave back what its refunds say, and they claim no more than was taken',
    looked: 'refunds',
    breaches: `select format('%s captured, %s refunded; refunds %s, claims %s', p.captured_amount, p.refunded_amount, r.given, r.claimed) as what,
        jsonb_build_object('payment', p.id, 'order', p.order_id) as ids
      from payments p join (
        select order_id, coalesce(sum(amount) filter (where status = 'succeeded'), 0) as given,
          coalesce(sum(amount) filter (where status in ${CLAIMING} and origin <> 'provider'), 0) as claimed
        from refunds group by order_id) r using (order_id)
      where (p.refunded_amount <> r.given or r.claimed > p.captured_amount)
        and p.checkout_id not in (select id from unsettled)`,
  },
  {
    promise: 'money',
    check: 'the parts of a refund sum to it',
    looked: 'refunds',
    breaches: `select format('goods %s and %s of lines, tax %s and %s of lines and shipping', r.goods_amount, l.goods, r.tax_amount,
          l.tax + r.shipping_tax_amount) as what,
        jsonb_build_object('order', r.order_id, 'refund', r.id) as ids
      from refunds r
      cross join lateral (select coalesce(sum(goods_amount), 0) as goods, coalesce(sum(tax_amount), 0) as tax
        from refund_lines where refund_id = r.id) l
      where (r.goods_amount, r.tax_amount) is distinct from (l.goods, l.tax + r.shipping_tax_amount)`,
  },
  {
    promise: 'stock',
    check: 'an order’s goods are back on the shelf as often as its lines say',
    looked: 'order_lines where restocked > 0',
    breaches: `select format('lines %s, movements %s', l.restocked, coalesce(m.shelved, 0)) as what,
        jsonb_build_object('order', l.order_id, 'variant', l.variant_id) as ids
      from (select order_id, variant_id, sum(restocked) as restocked from order_lines group by order_id, variant_id) l
      left join (
        select coalesce(r.order_id::text, s.reference) as order_id, s.variant_id, sum(s.delta) as shelved
        from stock_movements s left join refunds r on r.id::text = s.reference
        where s.reason = 'restock' group by 1, 2) m
        on m.order_id = l.order_id::text and m.variant_id = l.variant_id
      where l.restocked <> coalesce(m.shelved, 0)`,
  },
  {
    promise: 'undo',
    check: 'nothing is owed for an order whose cancellation is done',
    looked: `order_cancellations where ended_at is not null`,
    breaches: `select format('order %s, %s kept', o.status, p.captured_amount - p.refunded_amount) as what,
        jsonb_build_object('order', o.id) as ids
      from order_cancellations c join orders o on o.id = c.order_id join payments p on p.order_id = o.id
      where c.ended_at is not null and (o.status <> 'cancelled' or p.captured_amount <> p.refunded_amount)
        and o.checkout_id not in (select id from unsettled)`,
  },
];
