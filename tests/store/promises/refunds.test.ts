import type { EntityManager } from '@mikro-orm/postgresql';
import { auditPromises } from '../../../src/domain/promises/index.js';
import { openRefundDesk, type RefundDesk } from '../../support/builders/refund-desk.js';
import { describeWith } from '../../support/services.js';

/** What Temporal, Redis and providers would say where all is well. */
const QUIET = {
  providers: [],
  flows: { badEnds: async () => [], atWork: async () => 0, withoutFlow: async () => [] },
  carts: { entries: async function* () {} },
  messages: [],
};

class Undone extends Error {}

describeWith('postgres', 'the audit of refunds', () => {
  let desk: RefundDesk;
  let orderId: string;
  let cancelled: string;
  beforeAll(async () => {
    desk = await openRefundDesk();
    ({ orderId } = await desk.bought());
    const [line] = await desk.shop.rows<{ id: string }>('select id from order_lines where order_id = ?', [orderId]);
    const wish = {
      kind: 'parts',
      lines: [{ lineId: line?.id ?? '', quantity: 1, restock: true }],
      shipping: true,
    } as const;
    await desk.refunds.giveBack({ refundId: await desk.ask(orderId, wish) });
    ({ orderId: cancelled } = await desk.bought());
    await desk.cancel(cancelled);
    await desk.refunds.carryOutCancellation({ orderId: cancelled });
    await desk.refunds.giveBack({ refundId: (await desk.refunds.claimOwed({ orderId: cancelled })) ?? '' });
    await desk.refunds.claimOwed({ orderId: cancelled });
  });
  afterAll(() => desk.close());

  /** The checks that fail with what is planted, which is taken back. */
  async function breached(plant: (em: EntityManager) => Promise<unknown>): Promise<string[]> {
    let found: string[] = [];
    const undone = desk.transact(async (em) => {
      await plant(em);
      const results = await auditPromises({ ...QUIET, query: (look) => look(em) }, { settledForMs: 0 });
      found = results.filter((result) => result.breached > 0).map(({ check }) => check);
      throw new Undone();
    });
    await expect(undone).rejects.toThrow(Undone);
    return found;
  }
  const run = (sql: string) => (em: EntityManager) => em.execute(sql, [], 'run');

  test('refunds and cancellations that went well breach nothing', async () => {
    expect(await breached(async () => undefined)).toEqual([]);
  });

  test.each([
    [
      'a refund whose money is not booked',
      `update payments set refunded_amount = refunded_amount - 1 where refunded_amount > 0`,
      'a payment gave back what its refunds say, and they claim no more than was taken',
    ],
    [
      'a refund whose lines lack a cent',
      `update refund_lines set goods_amount = goods_amount - 1`,
      'the parts of a refund sum to it',
    ],
    [
      'goods that are said to be on the shelf and are not',
      `update order_lines set restocked = 2 where restocked = 1`,
      'an order’s goods are back on the shelf as often as its lines say',
    ],
    [
      'a cancelled order that was shipped all the same',
      `update orders set status = 'shipped' where status = 'cancelled'`,
      'nothing is owed for an order whose cancellation is done',
    ],
  ])('%s is found', async (_, sql, check) => {
    expect(await breached(run(sql))).toContain(check);
  });
});
