import { storePaymentEvent, type AuthoriseOutcome } from '../../../src/domain/payments/index.js';
import { settleAuthorisation } from '../../../src/domain/checkout/index.js';
import { openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

async function begun() {
  const variantId = await market.variant(5);
  const { checkoutId } = await market.reserved([{ variantId }]);
  await market.begin(checkoutId);
  const intentId = `pi_${checkoutId}`;
  return {
    checkoutId,
    waiting: { kind: 'needs_customer', intentId } as const,
    paid: { kind: 'authorised', intentId, expiresAt: new Date().toISOString() } as const,
  };
}

const tell = (checkoutId: string, outcome: AuthoriseOutcome) =>
  market.transact((em) => storePaymentEvent(em, market.event(checkoutId, outcome)));

test('an event, before its checkout begins to wait, is heard when it does', async () => {
  const { checkoutId, waiting, paid } = await begun();
  await expect(tell(checkoutId, paid)).resolves.toEqual({ checkoutId, next: 'none' });
  await expect(market.settle(checkoutId, waiting)).resolves.toEqual({ heard: true });
});

test('settleAuthorisation, of an answer that comes after the final one, turns the checkout not back', async () => {
  const { checkoutId, waiting, paid } = await begun();
  await market.settle(checkoutId, paid);
  const [row, steps] = [await market.checkoutRow(checkoutId), await market.stepsOf(checkoutId)];
  await expect(market.settle(checkoutId, waiting)).resolves.toEqual({ heard: true });
  expect([await market.checkoutRow(checkoutId), await market.stepsOf(checkoutId)]).toEqual([row, steps]);
});

test('settleAuthorisation, of two answers that wait at the same moment, writes the step once', async () => {
  const { checkoutId, waiting } = await begun();
  const first = await market.holdOpen((em) => settleAuthorisation(em, checkoutId, 1, waiting));
  const second = market.settle(checkoutId, { ...waiting, kind: 'processing' });
  await market.untilBlocked();
  await first.commit();
  await second;
  expect(await market.stepsOf(checkoutId)).toEqual(['stock_reserved', 'customer_action_required']);
});

test('an event, after its checkout began to wait, wakes the flow', async () => {
  const { checkoutId, waiting, paid } = await begun();
  await expect(market.settle(checkoutId, waiting)).resolves.toEqual({ heard: false });
  await expect(tell(checkoutId, paid)).resolves.toEqual({ checkoutId, next: 'wake' });
});

test('an event, while its checkout is about to wait, waits for that and then wakes the flow', async () => {
  const { checkoutId, waiting, paid } = await begun();
  const settling = await market.holdOpen((em) => settleAuthorisation(em, checkoutId, 1, waiting));
  const told = tell(checkoutId, paid);
  await market.untilBlocked();
  await settling.commit();
  expect({ ...settling.result, ...(await told) }).toEqual({ heard: false, checkoutId, next: 'wake' });
});

test('a checkout, while an event is being stored, waits for that and then has heard it', async () => {
  const { checkoutId, waiting, paid } = await begun();
  const telling = await market.holdOpen((em) => storePaymentEvent(em, market.event(checkoutId, paid)));
  const settled = market.settle(checkoutId, waiting);
  await market.untilBlocked();
  await telling.commit();
  expect({ ...telling.result, ...(await settled) }).toEqual({ checkoutId, next: 'none', heard: true });
});

test('events and waiting, at the same moment, never miss each other', async () => {
  const missed: string[] = [];
  for (let round = 0; round < 25; round += 1) {
    const { checkoutId, waiting, paid } = await begun();
    const [{ heard }, { next }] = await Promise.all([market.settle(checkoutId, waiting), tell(checkoutId, paid)]);
    if (!heard && next !== 'wake') missed.push(checkoutId);
  }
  expect(missed).toEqual([]);
});

test('an event, of a payment that is another shop’s, is stored and concerns no checkout', async () => {
  for (const other of [null, 'order 66', '', '01900000-0000-7000-8000-00000000beef'])
    await expect(
      market.transact((em) =>
        storePaymentEvent(em, market.event(other, { kind: 'authorised', intentId: 'pi_other', expiresAt: '' })),
      ),
    ).resolves.toEqual({ checkoutId: null, next: 'none' });
});

test('an event, delivered twice and at once, is stored once and routed both times until it is handled', async () => {
  const { checkoutId, waiting, paid } = await begun();
  await market.settle(checkoutId, waiting);
  const event = market.event(checkoutId, paid);
  const store = () => market.transact((em) => storePaymentEvent(em, event));
  await expect(Promise.all([store(), store()])).resolves.toEqual([
    { checkoutId, next: 'wake' },
    { checkoutId, next: 'wake' },
  ]);
  await expect(market.shop.rows('select id from payment_events where id = ?', [event.id])).resolves.toHaveLength(1);
  await market.shop.run('update payment_events set handled_at = now() where id = ?', [event.id]);
  await expect(store()).resolves.toEqual({ checkoutId, next: 'none' });
});

test('an event that money is held, for a checkout that ended unpaid, is checked again; any other is not', async () => {
  const { checkoutId, paid } = await begun();
  await market.shut(checkoutId);
  await market.end(checkoutId);
  await expect(tell(checkoutId, paid)).resolves.toMatchObject({ next: 'recheck' });
  await expect(tell(checkoutId, { kind: 'captured', intentId: paid.intentId, chargeId: 'ch' })).resolves.toMatchObject({
    next: 'recheck',
  });
  await expect(
    tell(checkoutId, { kind: 'declined', intentId: paid.intentId, reason: 'canceled' }),
  ).resolves.toMatchObject({
    next: 'none',
  });
});

test('an event that money is held, while the checkout is being undone, is checked again: the undo may have looked', async () => {
  const { checkoutId, waiting, paid } = await begun();
  await market.settle(checkoutId, waiting);
  await market.shut(checkoutId);
  await expect(tell(checkoutId, paid)).resolves.toEqual({ checkoutId, next: 'recheck' });
  await expect(tell(checkoutId, waiting)).resolves.toEqual({ checkoutId, next: 'none' });
});

test('an event, of a checkout that is placed, does nothing', async () => {
  const { checkoutId, paid } = await begun();
  await market.settle(checkoutId, paid);
  await market.place(checkoutId, paid);
  await expect(tell(checkoutId, paid)).resolves.toEqual({ checkoutId, next: 'none' });
});
