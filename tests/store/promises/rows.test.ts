import type { EntityManager } from '@mikro-orm/postgresql';
import { newId } from '../../../src/domain/kernel/ids.js';
import { auditPromises, type CheckResult } from '../../../src/domain/promises/index.js';
import { recordMovement } from '../../../src/domain/payments/index.js';
import { openMarket, usd, type Market } from '../../support/builders/market.js';
import { describeWith } from '../../support/services.js';

/** What Temporal, Redis and providers would say where all is well. */
const QUIET = {
  providers: [],
  flows: { badEnds: async () => [], atWork: async () => 0, withoutFlow: async () => [] },
  carts: { entries: async function* () {} },
  messages: [],
};

class Undone extends Error {}

const NOTICE = newId();

describeWith('postgres', 'the audit of rows', () => {
  let market: Market;
  let placed: Sold;
  let unpaid: Sold;
  beforeAll(async () => {
    market = await openMarket();
    placed = await sell();
    unpaid = await sell('cancelled');
  });
  afterAll(() => market.close());

  interface Sold {
    readonly variantId: string;
    readonly cartId: string;
    readonly checkoutId: string;
    readonly orderId: string;
  }

  async function sell(ending?: 'cancelled'): Promise<Sold> {
    const variantId = await market.variant(5);
    const sold = { variantId, ...(await market.reserved([{ variantId, quantity: 2 }])) };
    await market.begin(sold.checkoutId);
    if (ending === undefined) {
      await market.place(sold.checkoutId);
      return sold;
    }
    await market.settle(sold.checkoutId, { kind: 'declined', reason: 'no_funds', intentId: null });
    await market.shut(sold.checkoutId);
    await market.end(sold.checkoutId, ending);
    return sold;
  }

  /** Audits what the work leaves behind, and takes it back. */
  async function audit(work: (em: EntityManager) => Promise<unknown>, settledForMs = 0): Promise<CheckResult[]> {
    let results: CheckResult[] = [];
    const undone = market.transact(async (em) => {
      await work(em);
      results = await auditPromises({ ...QUIET, query: (look) => look(em) }, { settledForMs });
      throw new Undone();
    });
    await expect(undone).rejects.toThrow(Undone);
    return results;
  }

  const breached = (results: readonly CheckResult[]) =>
    results
      .filter((result) => result.breached > 0)
      .map(({ check, breaches }) => [check, breaches.map(({ ids }) => ids)]);

  const run = (em: EntityManager, sql: string, params: readonly unknown[] = []): Promise<unknown> =>
    em.execute(sql, [...params], 'run');
  /** As a restored backup or a hand in the database would leave it. */
  const without = (em: EntityManager, table: string, constraint: string): Promise<unknown> =>
    run(em, `alter table ${table} drop constraint ${constraint}`);

  test('a shop whose orders, undone checkouts and stock fit together has no breach', async () => {
    const results = await audit(async () => undefined);
    expect(breached(results)).toEqual([]);
    expect(results.filter(({ looked }) => looked > 0).length).toBeGreaterThan(10);
  });

  type Plant = (em: EntityManager) => Promise<unknown>;
  const capture = (em: EntityManager, reference: string, { checkoutId }: Sold): Promise<unknown> =>
    recordMovement(em, {
      checkoutId,
      provider: 'stripe',
      intentId: `pi_${checkoutId}`,
      type: 'capture',
      reference,
      amount: usd(2_499),
    });
  const reserveRow = (em: EntityManager, { variantId, checkoutId }: Sold, ended: string): Promise<unknown> =>
    run(
      em,
      `with level as (update stock_levels set reserved = reserved + 1 where variant_id = ?)
       insert into reservations (id, variant_id, quantity, checkout_id, expires_at) values (?, ?, 1, ?, now() - ?::interval)`,
      [variantId, newId(), variantId, checkoutId, ended],
    );

  test.each<[string, string, Plant, () => Readonly<Record<string, unknown>>]>([
    [
      'more reserved than on hand',
      'reserved is between 0 and what is on hand',
      async (em) => {
        await without(em, 'stock_levels', 'stock_levels_check');
        await run(em, 'update stock_levels set reserved = on_hand + 1 where variant_id = ?', [placed.variantId]);
      },
      () => ({ variant: placed.variantId }),
    ],
    [
      'a counter without its reservation',
      'reserved is the sum of the live reservations',
      (em) => run(em, 'update stock_levels set reserved = 1 where variant_id = ?', [placed.variantId]),
      () => ({ variant: placed.variantId }),
    ],
    [
      'goods that came from nowhere',
      'movements add up to what is on hand',
      (em) => run(em, 'update stock_levels set on_hand = on_hand + 1 where variant_id = ?', [placed.variantId]),
      () => ({ variant: placed.variantId }),
    ],
    [
      'an order that took nothing from stock',
      'each order took its lines from stock once',
      (em) =>
        run(em, 'update order_lines set quantity = 3, line_total_amount = 3000 where order_id = ?', [placed.orderId]),
      () => ({ order: placed.orderId, variant: placed.variantId }),
    ],
    [
      'a reservation whose end is long past',
      'no reservation outlives its end by a minute, unless its payment is being settled',
      (em) => reserveRow(em, placed, '2 minutes').then(() => run(em, 'delete from payment_attempts')),
      () => ({ checkout: placed.checkoutId, reservation: expect.any(String) }),
    ],
    [
      'a total that is not the sum of its parts',
      "an order's total is the sum of its parts",
      (em) => run(em, 'update order_lines set tax_amount = tax_amount + 1 where order_id = ?', [placed.orderId]),
      () => ({ order: placed.orderId }),
    ],
    [
      'a payment of another amount',
      'an order is paid by one payment of its total and currency',
      (em) => run(em, 'update payments set amount = amount + 1 where order_id = ?', [placed.orderId]),
      () => ({ order: placed.orderId, payment: expect.any(String) }),
    ],
    [
      'a payment of another currency',
      'an order is paid by one payment of its total and currency',
      (em) => run(em, "update payments set currency = 'EUR' where order_id = ?", [placed.orderId]),
      () => ({ order: placed.orderId, payment: expect.any(String) }),
    ],
    [
      'an order without a payment',
      'an order is paid by one payment of its total and currency',
      (em) => run(em, 'delete from payments where order_id = ?', [placed.orderId]),
      () => ({ order: placed.orderId }),
    ],
    [
      'a capture that the payment does not show',
      'a payment says of captures and refunds what the ledger says',
      (em) => capture(em, 'ch_1', placed),
      () => ({ order: placed.orderId, intent: `pi_${placed.checkoutId}`, payment: expect.any(String) }),
    ],
    [
      'money kept of a checkout without an order',
      'money of a checkout without an order is back',
      (em) => capture(em, 'ch_2', unpaid),
      () => ({ checkout: unpaid.checkoutId }),
    ],
    [
      'two captures of one checkout',
      'a checkout is captured at most once',
      (em) => capture(em, 'ch_3', placed).then(() => capture(em, 'ch_4', placed)),
      () => ({ checkout: placed.checkoutId }),
    ],
    [
      'an order that was confirmed without its money',
      'a confirmed order is captured, or to be paid on delivery',
      (em) => run(em, "update orders set status = 'confirmed' where id = ?", [placed.orderId]),
      () => ({ order: placed.orderId, payment: expect.any(String) }),
    ],
    [
      'a cart that was ordered twice',
      'a cart and a checkout are ordered at most once',
      async (em) => {
        await without(em, 'orders', 'orders_cart_id_key');
        await without(em, 'orders', 'orders_checkout_id_key');
        await run(
          em,
          `create temporary table twin on commit drop as select * from orders where id = ?;
           update twin set id = ?, number = 'TWIN', checkout_id = ?;
           insert into orders select * from twin`,
          [placed.orderId, newId(), unpaid.checkoutId],
        );
      },
      () => ({ cart: placed.cartId }),
    ],
    [
      'somebody told of stock without a message',
      'who waited for a variant was told once, and is forgotten',
      (em) =>
        run(em, `insert into stock_notices (id, variant_id, state, closed_at) values (?, ?, 'told', now())`, [
          NOTICE,
          placed.variantId,
        ]),
      () => ({ 'stock notice': NOTICE }),
    ],
    [
      'an order whose cart is still open',
      'order, cart and checkout name each other',
      (em) => run(em, "update carts set status = 'open', order_id = null where id = ?", [placed.cartId]),
      () => ({ order: placed.orderId, cart: placed.cartId, checkout: placed.checkoutId }),
    ],
    [
      'a cart with two open checkouts',
      'a cart has at most one open checkout',
      (em) => run(em, "update checkouts set closed_at = null, status = 'authorising', cart_id = ?", [placed.cartId]),
      () => ({ cart: placed.cartId }),
    ],
    [
      'an intent that pays for two checkouts',
      'an intent pays for one checkout',
      (em) => run(em, "update payment_attempts set intent_id = 'pi_twice'"),
      () => ({ intent: 'pi_twice' }),
    ],
    [
      'stock that an ended checkout still holds',
      'a checkout that ended unpaid holds no stock',
      (em) => reserveRow(em, unpaid, '-1 minute'),
      () => ({ checkout: unpaid.checkoutId, reservation: expect.any(String) }),
    ],
    [
      'a payment that an ended checkout did not void',
      'a checkout that ended unpaid has voided each payment that began',
      (em) =>
        run(em, "update payment_attempts set outcome = 'authorised', intent_id = 'pi_left' where checkout_id = ?", [
          unpaid.checkoutId,
        ]),
      () => ({ checkout: unpaid.checkoutId, intent: 'pi_left', attempt: expect.any(String) }),
    ],
    [
      'a cart that its ended checkout still locks',
      'a cart is free once its checkout ended unpaid',
      (em) => run(em, 'update carts set checkout_id = ? where id = ?', [unpaid.checkoutId, unpaid.cartId]),
      () => ({ checkout: unpaid.checkoutId, cart: unpaid.cartId }),
    ],
    [
      'an event that is told twice',
      'each event has one message a channel, sent when it says so',
      async (em) => {
        await run(em, 'drop index notifications_once');
        const insert = `insert into notifications (id, subject_type, subject_id, event, channel) values (?, 'order', ?, 'order_confirmed', 'sms')`;
        for (const id of [newId(), newId()]) await run(em, insert, [id, placed.orderId]);
      },
      () => ({ subject: placed.orderId }),
    ],
    [
      'a message that never was sent and says so',
      'each event has one message a channel, sent when it says so',
      (em) =>
        run(
          em,
          `insert into notifications (id, subject_type, subject_id, event, channel, status) values (?, 'order', ?, 'order_confirmed', 'email', 'sent')`,
          [newId(), placed.orderId],
        ),
      () => ({ notification: expect.any(String) }),
    ],
    [
      'an order that nobody tells of',
      'what happened to an order is written down to be told',
      (em) => run(em, "update orders set status = 'confirmed' where id = ?", [placed.orderId]),
      () => ({ order: placed.orderId }),
    ],
    [
      'an outbox that nobody empties',
      'the outbox is drained',
      (em) =>
        run(em, "insert into outbox (topic, key, created_at) values ('search', 'p', now() - interval '2 minutes')"),
      () => ({ outbox: expect.any(String) }),
    ],
    [
      'an idempotency key of a checkout that does not exist',
      'an idempotency key of a checkout names one that exists',
      (em) =>
        run(
          em,
          `insert into idempotency_keys (caller, key, operation, body_hash, resource_id, expires_at)
           values ('c', 'k', 'startCheckout', '-', ?, now())`,
          [placed.cartId],
        ),
      () => ({ checkout: placed.cartId }),
    ],
  ])('%s is found, with its ids', async (_, check, plant, ids) => {
    const found = new Map(breached(await audit(plant)) as [string, object[]][]);
    expect(found.get(check)).toContainEqual(ids());
  });

  test('a checkout that moved within the last two minutes is left out of what may be under way', async () => {
    const plant: Plant = (em) => capture(em, 'ch_5', unpaid);
    expect(breached(await audit(plant, 120_000))).toEqual([]);
    expect(breached(await audit(plant, 0))).not.toEqual([]);
  });

  test('a flow that ended badly is found while what it was about is not finished by another', async () => {
    const waiting = await market.reserved([{ variantId: await market.variant(5) }]);
    const end = (about: 'checkout' | 'nothing' | 'other', id: string) => ({
      workflowId: `${about}-${id}`,
      status: 'terminated',
      about,
      id,
    });
    const ends = [
      end('checkout', waiting.checkoutId),
      end('checkout', placed.checkoutId),
      end('checkout', unpaid.checkoutId),
      end('checkout', newId()),
      end('nothing', ''),
      end('other', 'x'),
    ];
    const flows = { ...QUIET.flows, badEnds: async () => ends };
    const found = breached(await auditPromises({ ...QUIET, flows, query: market.query }, { settledForMs: 0 }));
    expect(found).toEqual([
      [
        'what a failed or ended flow left was taken over',
        // The placed one still waits for its capture.
        [waiting.checkoutId, placed.checkoutId]
          .toSorted()
          .map((id) => ({ flow: `checkout-${id}` }))
          .concat({ flow: 'other-x' }),
      ],
    ]);
    await market.shut(waiting.checkoutId);
    await market.end(waiting.checkoutId);
  });

  test('an order, a checkout and a message that wait without a flow are found', async () => {
    const asked: string[] = [];
    const flows = { ...QUIET.flows, withoutFlow: async (ids: readonly string[]) => (asked.push(...ids), ids) };
    let found: unknown;
    const undone = market.transact(async (em) => {
      await run(em, "update orders set updated_at = now() - interval '5 minutes' where id = ?", [placed.orderId]);
      await run(
        em,
        `insert into notifications (id, subject_type, subject_id, event, channel, created_at)
         values (?, 'order', ?, 'order_confirmed', 'email', now() - interval '5 minutes')`,
        [newId(), placed.orderId],
      );
      found = breached(await auditPromises({ ...QUIET, flows, query: (look) => look(em) }, { settledForMs: 0 }));
      throw new Undone();
    });
    await expect(undone).rejects.toThrow(Undone);
    expect(found).toEqual([
      ['a flow works on each open checkout and order', [{ order: placed.orderId }]],
      ['a flow works on each message that waits', [{ order: placed.orderId }]],
    ]);
    expect(asked).toEqual([placed.orderId, placed.orderId]);
  });

  test('the start of a checkout writes its idempotency key under a name that the audit knows', async () => {
    const { createStartCheckoutRoute } = await import('../../../src/api/routes/checkout/start.js');
    expect(createStartCheckoutRoute({} as Parameters<typeof createStartCheckoutRoute>[0]).operationId).toMatch(
      /checkout/i,
    );
  });
});
