import { newId } from '../../../src/domain/kernel/ids.js';
import {
  adjustStock,
  importStock,
  readStockAlert,
  releaseStock,
  reserveStock,
  sellReserved,
  setLowStock,
} from '../../../src/domain/inventory/index.js';
import { openMarket, type Market } from '../../support/builders/market.js';
import { watchStatements } from '../../support/statements.js';

let market: Market;
// before there are connections, which keep what they were made with
const watch = watchStatements();
beforeAll(async () => {
  market = await openMarket();
});
afterEach(() => market.assertStock());
afterAll(async () => {
  watch.end();
  await market.close();
});

const reserve = (variantIds: readonly string[], quantity: number, checkoutId = newId()) =>
  market.transact((em) =>
    reserveStock(
      em,
      { checkoutId },
      variantIds.map((variantId) => ({ variantId, quantity })),
      60_000,
    ),
  );
const release = (checkoutId: string) => market.transact((em) => releaseStock(em, { checkoutId }, 'released'));
const adjust = (variantId: string, delta: number) =>
  market.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'count', delta }));
const watched = async (stock: number, lowAt: number): Promise<string> => {
  const variantId = await market.variant(stock);
  await market.transact((em) => setLowStock(em, { variantId, lowAt, actorId: newId(), requestId: 'r' }));
  return variantId;
};
/** What was available at each alert of a variant. */
const alerts = async (variantId: string): Promise<number[]> =>
  (
    await market.shop.rows<{ available: number }>(
      'select available from stock_alert_lines where variant_id = ? order by alert_id',
      [variantId],
    )
  ).map(({ available }) => available);

test('reserveStock, when a variant falls to its threshold, alerts once; again only after it was above it', async () => {
  const a = await watched(6, 3);
  await reserve([a], 2);
  expect(await alerts(a)).toEqual([]);
  const checkoutId = newId();
  await reserve([a], 1, checkoutId);
  await reserve([a], 1);
  await adjust(a, -1);
  expect(await alerts(a)).toEqual([3]);
  await release(checkoutId);
  await adjust(a, -1);
  expect(await alerts(a)).toEqual([3]);
  await adjust(a, 3);
  await reserve([a], 4);
  expect(await alerts(a)).toEqual([3, 0]);
});

test('an alert is queued with its message and its flow, in the transaction of the change and for all its variants', async () => {
  const [a, b] = [await watched(3, 2), await watched(4, 3)];
  await market
    .transact(async (em) => {
      await reserveStock(em, { checkoutId: newId() }, [{ variantId: a, quantity: 1 }], 60_000);
      throw new Error('stopped');
    })
    .catch(() => undefined);
  expect(await alerts(a)).toEqual([]);
  await reserve([a, b], 1);
  const queued = await market.shop.rows<{ alert_id: string }>(
    `select l.alert_id, n.event, n.channel, n.status, o.payload from stock_alert_lines l
     join notifications n on n.subject_id = l.alert_id join outbox o on o.key = l.alert_id::text and o.topic = 'stock.low'
     where l.variant_id in (?, ?)`,
    [a, b],
  );
  const alertId = queued[0]?.alert_id ?? '';
  const row = { alert_id: alertId, event: 'low_stock', channel: 'email', status: 'pending', payload: { alertId } };
  expect(queued).toEqual([row, row]);
  expect(await market.query((em) => readStockAlert(em, alertId))).toMatchObject(
    [
      { variantId: a, available: 2, lowAt: 2 },
      { variantId: b, available: 3, lowAt: 3 },
    ].sort((one, other) => (one.variantId.slice(-12) < other.variantId.slice(-12) ? -1 : 1)),
  );
});

test('importStock, when it lowers a variant to its threshold, alerts; of one that stays low or above, does not', async () => {
  const [falls, low, above] = [await watched(9, 3), await watched(2, 3), await watched(9, 3)];
  const rows = [
    { variantId: falls, onHand: 1, replace: true },
    { variantId: low, onHand: 1, replace: true },
    { variantId: above, onHand: 4, replace: true },
  ];
  for (let times = 0; times < 2; times += 1) await market.transact((em) => importStock(em, rows, newId()));
  expect([await alerts(falls), await alerts(low), await alerts(above)]).toEqual([[1], [], []]);
});

test('what was reserved, when it is sold, alerts of nothing: it was not available before', async () => {
  const a = await watched(5, 3);
  const checkoutId = newId();
  await reserve([a], 2, checkoutId);
  await market.transact((em) => sellReserved(em, checkoutId, newId()));
  expect(await alerts(a)).toEqual([3]);
});

test('reserveStock, by twelve at once across the threshold, alerts once', async () => {
  const a = await watched(20, 10);
  await Promise.all(Array.from({ length: 12 }, () => reserve([a], 1)));
  expect(await alerts(a)).toEqual([10]);
});

test('reserveStock, of a watched variant that does not become low, asks the database for nothing more', async () => {
  const [plain, high] = [await market.variant(9), await watched(9, 3)];
  const without = await watch.during(() => reserve([plain], 1));
  const beside = await watch.during(() => reserve([high], 1));
  expect(without.filter((text) => /alert|notifications|outbox/.test(text))).toEqual([]);
  expect(without.filter((text) => text.includes('insert into reservations'))).toHaveLength(1);
  expect(beside.length).toBe(without.length);
});
