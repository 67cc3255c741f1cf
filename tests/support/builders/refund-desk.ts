import { createRefundActivities } from '../../../src/activities/refunds.js';
import { requestCancellation } from '../../../src/domain/cancellations/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import type { PaymentGateway } from '../../../src/domain/payments/index.js';
import { requestRefund, type RefundWish } from '../../../src/domain/refunds/index.js';
import { openTill } from './till.js';

export interface BoughtOptions {
  readonly card?: string;
  readonly quantity?: number;
}

/** A till whose customers come back for their money. */
export async function openRefundDesk() {
  const till = await openTill();
  const staffId = await till.shop.user({ roles: ['staff'] });
  const gateways = new Map<string, PaymentGateway>([['stripe', till.gateway]]);
  const refunds = createRefundActivities({ ...till, gateways });

  /** Two pieces at 10.00 and 4.99 for shipping: authorised and placed, not captured. */
  async function placed({ card = 'pm_card_visa', quantity = 2 }: BoughtOptions = {}) {
    const variantId = await till.variant(5);
    const { checkoutId, orderId } = await till.reserved([{ variantId, quantity }], { paymentMethod: card });
    const { heard: _, ...payment } = await till.payments.authorisePayment({ checkoutId, attempt: 1 });
    if (payment.kind !== 'authorised') throw new Error(`payment is ${payment.kind}`);
    await till.place(checkoutId, payment);
    const [line] = await till.shop.rows<{ id: string }>('select id from order_lines where order_id = ?', [orderId]);
    return { variantId, checkoutId, orderId, intentId: payment.intentId, lineId: line?.id ?? '' };
  }

  /** The provider's word of a refund, stored, and no flow yet. */
  async function heard(intentId: string): Promise<{ readonly eventId: string }> {
    const eventId = `evt_${newId()}`;
    await till.shop.run(
      // By a clock of the provider's own.
      `insert into payment_events (id, provider, type, intent_id, created_at)
       values (?, 'stripe', 'charge.refunded', ?, now() + interval '1 hour')`,
      [eventId, intentId],
    );
    return { eventId };
  }

  return {
    ...till,
    staffId,
    refunds,
    placed,
    heard,

    /** The same, paid: 24.99. */
    async bought(options: BoughtOptions = {}) {
      const order = await placed(options);
      await till.checkouts.capturePayment(order);
      return order;
    },

    /** Activities of a worker whose gateway is changed. */
    refundsWith: (change: Partial<PaymentGateway>) =>
      createRefundActivities({ ...till, gateways: new Map([['stripe', { ...till.gateway, ...change }]]) }),

    async ask(orderId: string, wish: RefundWish, ifVersion: number | null = null): Promise<string> {
      const refundId = newId();
      const request = {
        refundId,
        orderId,
        wish,
        reason: 'goodwill',
        userId: staffId,
        requestId: 'r',
        ifVersion,
      } as const;
      await till.transact((em) => requestRefund(em, request));
      return refundId;
    },

    cancel: (orderId: string) =>
      till.transact((em) =>
        requestCancellation(em, {
          orderId,
          reason: 'changed_mind',
          actor: { type: 'guest' },
          requestId: 'r',
          ifVersion: null,
        }),
      ),

    /** The provider tells of a refund, and the flow it starts runs. */
    told: async (intentId: string): Promise<{ waiting: string[] }> => refunds.bookRefunds(await heard(intentId)),

    /** All that a refund changes. */
    async books(orderId: string) {
      const rows = <T extends object>(sql: string): Promise<T[]> => till.shop.rows<T>(sql, [orderId]);
      const [order] = await rows<{ status: string }>('select status from orders where id = ?');
      const [payment] = await rows<{ status: string; refunded: number }>(
        'select status, refunded_amount as refunded from payments where order_id = ?',
      );
      return {
        order: order?.status,
        payment,
        ledger: (
          await rows<{ type: string; amount: number }>(
            `select l.type, l.amount from payment_ledger l join orders o on o.checkout_id = l.checkout_id
             where o.id = ? and l.type <> 'capture' order by l.created_at, l.id`,
          )
        ).map(({ type, amount }) => `${type} ${amount}`),
        refunds: await rows<{ status: string; amount: number; origin: string }>(
          'select status, amount, origin from refunds where order_id = ? order by id',
        ),
        told: (
          await rows<{ event: string }>(
            `select event from notifications where subject_id = ? and channel = 'email' order by created_at, id`,
          )
        ).map(({ event }) => event),
        timeline: (await rows<{ type: string }>('select type from order_events where order_id = ? order by id')).map(
          ({ type }) => type,
        ),
      };
    },
  };
}

export type RefundDesk = Awaited<ReturnType<typeof openRefundDesk>>;
