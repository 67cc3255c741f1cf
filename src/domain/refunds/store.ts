import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import type { GivenParts, Paid, Parts } from './plan-refund.js';
import { totalOf } from './plan-refund.js';
import type { Refund, RefundOrigin, RefundStatus } from './types.js';

/** The payment that refunds of an order come out of. */
export interface RefundedPayment {
  readonly orderId: string;
  readonly checkoutId: string;
  readonly provider: string;
  readonly intentId: string;
  readonly currency: string;
  readonly captured: number;
}

/** Locks the payment behind its order's lock, so that claims on its money come one after the other. */
export async function lockPayment(em: EntityManager, orderId: string): Promise<RefundedPayment> {
  const [row] = await em.execute<RefundedPayment[]>(
    `select order_id as "orderId", checkout_id as "checkoutId", provider, intent_id as "intentId", currency,
       captured_amount as captured
     from payments where order_id = ? for update`,
    [orderId],
  );
  if (row === undefined) throw notFound('payment');
  return row;
}

/** What was paid, line by line: tax is inside line totals and shipping where prices include it. */
export async function readPaid(em: EntityManager, orderId: string): Promise<Paid> {
  const lines = await em.execute<PaidRow[]>(
    `select l.id as "lineId", l.quantity, l.restocked,
       l.line_total_amount - l.discount_amount - case when o.prices_include_tax then l.tax_amount else 0 end as goods,
       l.tax_amount as tax, l.shipping_tax_amount as "shippingTax",
       l.shipping_amount - case when o.prices_include_tax then l.shipping_tax_amount else 0 end as shipping
     from order_lines l join orders o on o.id = l.order_id where o.id = ? order by l.position`,
    [orderId],
  );
  return {
    lines: lines.map(({ lineId, quantity, restocked, goods, tax }) => ({ lineId, quantity, restocked, goods, tax })),
    shipping: lines.reduce((sum, line) => sum + line.shipping, 0),
    shippingTax: lines.reduce((sum, line) => sum + line.shippingTax, 0),
  };
}

interface PaidRow {
  readonly lineId: string;
  readonly quantity: number;
  readonly restocked: number;
  readonly goods: number;
  readonly tax: number;
  readonly shipping: number;
  readonly shippingTax: number;
}

/** The parts of refunds in one of these states. */
export async function readGiven(
  em: EntityManager,
  orderId: string,
  statuses: readonly RefundStatus[],
): Promise<GivenParts[]> {
  return em.execute<GivenParts[]>(
    `select r.status in ('requested', 'pending') as open, r.shipping_amount as shipping,
       r.shipping_tax_amount as "shippingTax",
       coalesce((select jsonb_agg(jsonb_build_object('lineId', l.order_line_id, 'quantity', l.quantity,
           'restock', l.restock, 'goods', l.goods_amount, 'tax', l.tax_amount))
         from refund_lines l where l.refund_id = r.id), '[]') as lines
     from refunds r where r.order_id = ? and r.status = any(?::text[]) order by r.id`,
    [orderId, `{${statuses.join(',')}}`],
  );
}

export interface NewRefund {
  readonly id: string;
  readonly payment: RefundedPayment;
  readonly origin: RefundOrigin;
  readonly reason: string;
  readonly parts: Parts;
  readonly reference?: string;
  readonly actor: { readonly type: string; readonly id?: string };
}

export async function insertRefund(em: EntityManager, refund: NewRefund): Promise<void> {
  const { payment, parts, actor } = refund;
  const goods = parts.lines.reduce((sum, line) => sum + line.goods, 0);
  const tax = parts.lines.reduce((sum, line) => sum + line.tax, parts.shippingTax);
  await em.execute(
    `with made as (
       insert into refunds (id, order_id, provider, intent_id, origin, reason, amount, currency, goods_amount,
         shipping_amount, tax_amount, shipping_tax_amount, reference, actor_type, actor_id)
       values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id
     )
     insert into refund_lines (refund_id, order_line_id, quantity, restock, goods_amount, tax_amount)
     select made.id, l."lineId", l.quantity, l.restock, l.goods, l.tax
     from made, jsonb_to_recordset(?::jsonb) as l ("lineId" uuid, quantity integer, restock integer, goods bigint, tax bigint)`,
    [
      refund.id,
      payment.orderId,
      payment.provider,
      payment.intentId,
      refund.origin,
      refund.reason,
      totalOf(parts),
      payment.currency,
      goods,
      parts.shipping,
      tax,
      parts.shippingTax,
      refund.reference ?? null,
      actor.type,
      actor.id ?? null,
      JSON.stringify(parts.lines),
    ],
    'run',
  );
}

const COLUMNS = `id, order_id as "orderId", provider, intent_id as "intentId", origin, reason, status,
  jsonb_build_object('amount', amount, 'currency', currency) as amount, reference, failure`;

/** @throws DomainError `not_found` */
export async function readRefund(em: EntityManager, refundId: string): Promise<Refund> {
  const [row] = await em.execute<Refund[]>(`select ${COLUMNS} from refunds where id = ?`, [refundId]);
  if (row === undefined) throw notFound('refund');
  return row;
}

/** Ours by its id, or one that the provider made and we know by its reference. */
export async function findRefund(
  em: EntityManager,
  { orderId, refundId, reference }: { orderId: string; refundId: string | null; reference: string },
): Promise<Refund | null> {
  const [row] = await em.execute<Refund[]>(
    `select ${COLUMNS} from refunds where order_id = ? and (id = ?::uuid or reference = ?) order by id = ?::uuid desc nulls last limit 1`,
    [orderId, refundId, reference, refundId],
  );
  return row ?? null;
}
