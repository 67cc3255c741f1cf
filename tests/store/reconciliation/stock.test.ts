import { newId } from '../../../src/domain/kernel/ids.js';
import { readReconciliation } from '../../../src/domain/reconciliation/index.js';
import { openMarket } from '../../support/builders/market.js';
import { createReconciler, NOBODY } from '../../support/reconciliation.js';
import { describeWith } from '../../support/services.js';

describeWith('postgres', 'reconciliation of stock', () => {
  let market: Awaited<ReturnType<typeof openMarket>>;
  let books: ReturnType<typeof createReconciler>;
  let userId: string;
  beforeAll(async () => {
    market = await openMarket();
    books = createReconciler({ ...NOBODY, ...market });
    userId = await market.shop.user({ roles: ['admin'] });
  });
  afterAll(() => market.close());

  /** Five on hand, two of them reserved. */
  async function reserved(): Promise<string> {
    const variantId = await market.variant(5);
    await market.reserved([{ variantId, quantity: 2 }]);
    return variantId;
  }
  const setReserved = (variantId: string, reserved: number) =>
    market.shop.run('update stock_levels set reserved = ? where variant_id = ?', [reserved, variantId]);

  test.each([
    ['too high', 5],
    ['too low', 0],
  ])('a reserved counter that is %s is set to its live rows, and the audit log says so', async (_, wrong) => {
    const variantId = await reserved();
    await setReserved(variantId, wrong);
    const runId = await books.run('stock');
    expect(await market.stock(variantId)).toEqual([5, 2]);
    const [difference] = await books.about(variantId);
    expect(difference).toMatchObject({
      kind: 'reserved_counter',
      state: 'repaired',
      expected: { reserved: 2 },
      found: { reserved: wrong },
    });
    const audit = await market.shop.rows<{ data: object }>(
      `select data from audit_log where action = 'difference.repaired' and object_id = ?`,
      [difference?.id],
    );
    expect(audit).toEqual([{ data: { kind: 'reserved_counter', variant: variantId, before: wrong, after: 2 } }]);
    const run = await market.query((em) => readReconciliation(em, runId));
    expect(run.differences.repaired).toBeGreaterThan(0);
    expect(run.looked.stock).toBeGreaterThan(0);
  });

  test('counters that are right are no difference', async () => {
    const variantId = await reserved();
    await books.run('stock');
    expect(await books.about(variantId)).toEqual([]);
    expect(await market.stock(variantId)).toEqual([5, 2]);
  });

  test('a counter that cannot be set is left to a person, and those behind it are mended', async () => {
    const [stuck, other] = [await reserved(), await reserved()].sort();
    if (stuck === undefined || other === undefined) throw new Error('two were made');
    await market.shop.run('update stock_levels set reserved = 1, on_hand = 1 where variant_id = ?', [stuck]);
    await setReserved(other, 0);
    await books.run('stock');
    expect(await books.about(stuck)).toEqual(
      expect.arrayContaining([expect.objectContaining({ action: 'by_hand', state: 'awaiting_approval' })]),
    );
    expect(await market.stock(other)).toEqual([5, 2]);
    await market.shop.run('update stock_levels set reserved = 2, on_hand = 5 where variant_id = ?', [stuck]);
    await books.run('stock');
    expect((await books.about(stuck)).map(({ state }) => state)).toEqual(['gone', 'gone']);
  });

  test('a repair that always throws is noted with its difference, and those behind it are mended', async () => {
    const variantId = await reserved();
    await setReserved(variantId, 0);
    const poisoned = newId();
    await market.shop.run('insert into reconciliations (id) values (?)', [poisoned]);
    // Its subject names no variant; it stands before all others.
    await market.shop.run(
      `insert into reconciliation_differences (id, run_id, area, kind, subject, expected, found, action, state, seen_at)
       values (?, ?, 'stock', 'reserved_counter', '{}', '{}', '{}', 'count_again', 'open', now() + interval '1 hour')`,
      ['00000000-0000-7000-8000-000000000001', poisoned],
    );
    await books.run('stock');
    expect(await market.stock(variantId)).toEqual([5, 2]);
    const [row] = await market.shop.rows<{ state: string; failure: string }>(
      `select state, failure from reconciliation_differences where id = '00000000-0000-7000-8000-000000000001'`,
    );
    expect(row).toEqual({ state: 'open', failure: 'failed' });
    await market.shop.run(
      `update reconciliation_differences set state = 'gone' where id = '00000000-0000-7000-8000-000000000001'`,
      [],
    );
  });

  test('a movement that is missing is booked once a person approved it, and what is on hand stays', async () => {
    const variantId = await market.variant(5);
    await market.shop.run('update stock_levels set on_hand = 3 where variant_id = ?', [variantId]);
    await books.run('stock');
    const [difference] = await books.about(variantId);
    if (difference === undefined) throw new Error('nothing was found');
    expect(difference).toMatchObject({
      kind: 'on_hand',
      state: 'awaiting_approval',
      expected: { movements: 3 },
      found: { movements: 5 },
    });
    await books.decide(difference, 'approved', userId);
    expect(await Promise.all([books.mend(difference), books.mend(difference)])).toEqual(['repaired', 'repaired']);
    const booked = await market.shop.rows<{ delta: number }>(
      `select delta from stock_movements where variant_id = ? and reason = 'adjustment'`,
      [variantId],
    );
    expect(booked).toEqual([{ delta: -2 }]);
    expect(await market.stock(variantId)).toEqual([3, 0]);
    await books.run('stock');
    expect(await books.about(variantId)).toHaveLength(1);
  });

  test('an approval whose figures changed before it was carried out books nothing and is asked for anew', async () => {
    const variantId = await market.variant(5);
    await market.shop.run('update stock_levels set on_hand = 3 where variant_id = ?', [variantId]);
    await books.run('stock');
    const [difference] = await books.about(variantId);
    if (difference === undefined) throw new Error('nothing was found');
    await books.decide(difference, 'approved', userId);
    await market.shop.run('update stock_levels set on_hand = 4 where variant_id = ?', [variantId]);
    expect(await books.mend(difference)).toBe('awaiting_approval');
    await books.run('stock');
    expect(await books.about(variantId)).toMatchObject([{ state: 'awaiting_approval', expected: { movements: 4 } }]);
    await market.shop.run('update stock_levels set on_hand = 5 where variant_id = ?', [variantId]);
    await books.run('stock');
    expect(await books.about(variantId)).toMatchObject([{ state: 'gone' }]);
  });

  test('a rejected difference stays one row, and is shown again when its figures change', async () => {
    const variantId = await market.variant(5);
    await market.shop.run('update stock_levels set on_hand = 3 where variant_id = ?', [variantId]);
    await books.run('stock');
    const [difference] = await books.about(variantId);
    if (difference === undefined) throw new Error('nothing was found');
    await books.decide(difference, 'rejected', userId);
    await books.run('stock');
    expect(await books.about(variantId)).toMatchObject([{ id: difference.id, state: 'rejected' }]);
    await expect(books.decide(difference, 'approved', userId)).rejects.toMatchObject({ code: 'invalid_transition' });
    await market.shop.run('update stock_levels set on_hand = 2 where variant_id = ?', [variantId]);
    await books.run('stock');
    expect(await books.about(variantId)).toMatchObject([{ id: difference.id, state: 'awaiting_approval' }]);
    await expect(books.decide(difference, 'approved', userId)).rejects.toMatchObject({ code: 'conflict' });
    await market.shop.run('update stock_levels set on_hand = 5 where variant_id = ?', [variantId]);
  });

  test('two runs at once write each difference once and mend it once', async () => {
    const variantId = await reserved();
    await setReserved(variantId, 4);
    await Promise.all([books.run('stock'), books.run('stock'), books.run('stock')]);
    expect(await market.stock(variantId)).toEqual([5, 2]);
    const found = await books.about(variantId);
    expect(found.filter(({ state }) => state === 'repaired')).toHaveLength(1);
    expect(found.filter(({ state }) => state === 'open')).toEqual([]);
  });
});
