import type { RowCheck } from './row-check.js';

export const ONE_CHECKS: readonly RowCheck[] = [
  {
    promise: 'one',
    check: 'a cart and a checkout are ordered at most once',
    looked: 'orders',
    breaches: `select format('%s orders', count(*)) as what, jsonb_build_object('cart', cart_id) as ids
        from orders group by cart_id having count(*) > 1
      union all
      select format('%s orders', count(*)), jsonb_build_object('checkout', checkout_id)
        from orders group by checkout_id having count(*) > 1`,
  },
  {
    promise: 'one',
    check: 'order, cart and checkout name each other',
    looked: 'orders',
    breaches: `select format('order %s, cart %s, checkout %s', o.status, c.status, k.status) as what,
        jsonb_build_object('order', o.id, 'cart', o.cart_id, 'checkout', o.checkout_id) as ids
      from orders o join carts c on c.id = o.cart_id join checkouts k on k.id = o.checkout_id
      where c.status <> 'ordered' or c.order_id <> o.id or k.status <> 'placed' or k.order_id <> o.id or k.cart_id <> c.id
      union all
      select 'placed without an order', jsonb_build_object('checkout', k.id) from checkouts k
      where k.status = 'placed' and not exists (select from orders o where o.checkout_id = k.id)
      union all
      select 'ordered without an order', jsonb_build_object('cart', c.id) from carts c
      where c.status = 'ordered' and not exists (select from orders o where o.id = c.order_id and o.cart_id = c.id)`,
  },
  {
    promise: 'one',
    check: 'a cart has at most one open checkout',
    looked: 'checkouts where closed_at is null',
    breaches: `select format('%s open checkouts', count(*)) as what, jsonb_build_object('cart', cart_id) as ids
      from checkouts where closed_at is null group by cart_id having count(*) > 1`,
  },
  {
    promise: 'one',
    check: 'an intent pays for one checkout',
    looked: 'payment_attempts where intent_id is not null',
    breaches: `select format('%s checkouts', count(distinct checkout_id)) as what, jsonb_build_object('intent', intent_id) as ids
      from payment_attempts where step = 'authorise' and intent_id is not null
      group by intent_id having count(distinct checkout_id) > 1`,
  },
];
