import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '../../../src/domain/kernel/ids.js';
import { auditPromises, type CheckResult, type MessageLog } from '../../../src/domain/promises/index.js';
import { createCachedCarts, createCartCache } from '../../../src/infra/redis/cart-cache.js';
import { connectRedis } from '../../../src/infra/redis/client.js';
import { createStripeStatements } from '../../../src/infra/stripe/statements.js';
import { openTill, type Till } from '../../support/builders/till.js';
import { describeWith, serviceUrl } from '../../support/services.js';
import { SECRET_KEY } from '../../unit/simulators/stripe-bench.js';

const QUIET = {
  providers: [],
  flows: { badEnds: async () => [], atWork: async () => 0, withoutFlow: async () => [] },
  carts: { entries: async function* () {} },
  messages: [],
};

/** What was found of one checkout or intent: the tests share a shop. */
const breached = (results: readonly CheckResult[], id: string) =>
  results.flatMap(({ check, breaches }) => {
    const about = breaches.filter(({ ids }) => JSON.stringify(ids).includes(id));
    return about.length === 0 ? [] : [[check, about]];
  });

describeWith('postgres', "the audit of the provider's books", () => {
  let till: Till;
  beforeAll(async () => {
    till = await openTill();
  });
  afterAll(() => till.close());

  async function audit(): Promise<CheckResult[]> {
    const statements = createStripeStatements({ secretKey: SECRET_KEY, apiUrl: till.provider.url });
    return auditPromises({ ...QUIET, query: till.query, providers: [statements] }, { settledForMs: 0 });
  }

  async function secured(): Promise<{ checkoutId: string; intentId: string }> {
    const { checkoutId } = await till.due();
    const paid = await till.payments.authorisePayment({ checkoutId, attempt: 1 });
    return { checkoutId, intentId: paid.intentId ?? '' };
  }

  async function bought(): Promise<{ checkoutId: string; intentId: string }> {
    const { checkoutId, intentId } = await secured();
    await till.checkouts.placeOrder({
      checkoutId,
      payment: { kind: 'authorised', intentId, expiresAt: new Date(Date.now() + 86_400_000).toISOString() },
    });
    await till.checkouts.capturePayment({ checkoutId });
    return { checkoutId, intentId };
  }

  const take = (intentId: string) =>
    till.gateway.capture({ key: newId(), intentId, amount: { amount: 2_499, currency: 'USD' } });

  test('books that agree have no breach, and those of others on the account are none of ours', async () => {
    const { checkoutId } = await bought();
    const undone = await secured();
    await till.undo(undone.checkoutId);
    const others = await till.gateway.authorise({
      key: newId(),
      checkoutId: 'another-shop',
      attempt: 1,
      amount: { amount: 500, currency: 'USD' },
      paymentMethod: 'pm_card_visa',
    });
    if (others.kind !== 'authorised') throw new Error(others.kind);
    const results = await audit();
    for (const id of [checkoutId, undone.checkoutId, others.intentId]) expect(breached(results, id)).toEqual([]);
  });

  test('money that the provider took and we never booked is found, by intent and checkout', async () => {
    const { checkoutId, intentId } = await secured();
    await take(intentId);
    const found = Object.fromEntries(breached(await audit(), checkoutId)) as Record<string, unknown>;
    const ids = { intent: intentId, checkout: checkoutId };
    expect(found).toEqual({
      "the provider's movements are the ledger's, one for one": [
        { what: expect.stringMatching(/^not booked: capture ch_\w+ 2499 USD$/), ids },
      ],
      'what the provider took has an order, or is back': [{ what: '2499 taken without an order', ids }],
    });
  });

  test('a refund from the dashboard that nobody booked is found', async () => {
    const { checkoutId, intentId } = await bought();
    await till.gateway.refund({
      key: newId(),
      intentId,
      amount: { amount: 100, currency: 'USD' },
      reason: 'dashboard',
    });
    const [first] = breached(await audit(), checkoutId);
    expect(first).toEqual([
      "the provider's movements are the ledger's, one for one",
      [
        {
          what: expect.stringMatching(/^not booked: refund re_\w+ 100 USD$/),
          ids: expect.objectContaining({ checkout: checkoutId }),
        },
      ],
    ]);
  });

  test('a movement of the ledger that the provider does not have is found', async () => {
    const { checkoutId } = await till.due();
    await till.shop.run(
      `insert into payment_ledger (id, checkout_id, provider, intent_id, type, reference, amount, currency)
       values (?, ?, 'stripe', 'pi_nowhere', 'capture', 'ch_nowhere', 5, 'USD')`,
      [newId(), checkoutId],
    );
    expect(breached(await audit(), checkoutId)).toContainEqual([
      "the provider's movements are the ledger's, one for one",
      [{ what: 'booked only: capture ch_nowhere 5 USD', ids: { checkout: checkoutId, intent: 'pi_nowhere' } }],
    ]);
  });

  test('a second payment of a checkout, taken or held, is found', async () => {
    const { checkoutId, intentId } = await bought();
    const again = await till.gateway.authorise({
      key: newId(),
      checkoutId,
      attempt: 2,
      amount: { amount: 2_499, currency: 'USD' },
      paymentMethod: 'pm_card_visa',
    });
    if (again.kind !== 'authorised') throw new Error(again.kind);
    const [cart] = await till.shop.rows<{ id: string }>('select cart_id as id from checkouts where id = ?', [
      checkoutId,
    ]);
    const cartId = cart?.id ?? '';
    expect(breached(await audit(), cartId)).toEqual([
      [
        'a cart has at most one live payment at the provider',
        [{ what: '2 live payments', ids: { cart: cartId, intents: expect.stringContaining(intentId) } }],
      ],
    ]);
    await take(again.intentId);
    expect(breached(await audit(), checkoutId)).toContainEqual([
      'the provider took the money of a checkout once',
      [{ what: '2 captures', ids: { checkout: checkoutId, intents: expect.stringContaining(intentId) } }],
    ]);
  });

  test('what is still held for a checkout that ended unpaid is found', async () => {
    const { checkoutId, intentId } = await secured();
    await till.shut(checkoutId);
    await till.end(checkoutId);
    expect(breached(await audit(), checkoutId)).toContainEqual([
      'nothing is held, or can be paid, for a checkout that ended unpaid',
      [{ what: 'held', ids: { intent: intentId, checkout: checkoutId } }],
    ]);
  });

  test('a message that never arrived is found, a repeat under its id is counted apart, one before the log is left out', async () => {
    const { orderId } = await till.due();
    const tell = async (event: string, at: string): Promise<string> => {
      const id = newId();
      await till.shop.run(
        `insert into notifications (id, subject_type, subject_id, event, channel, status, sent_at) values (?, 'order', ?, ?, 'email', 'sent', ?)`,
        [id, orderId, event, at],
      );
      return id;
    };
    await tell('order_confirmed', '2026-01-01T00:00:00Z');
    const [lost, twice] = [await tell('a', '2026-01-02T00:00:00Z'), await tell('b', '2026-01-02T00:00:00Z')];
    const log: MessageLog = {
      channel: 'email',
      read: async () => ({ times: new Map([[twice, 2]]), since: new Date('2026-01-01T12:00:00Z') }),
    };
    const results = await auditPromises({ ...QUIET, query: till.query, messages: [log] }, { settledForMs: 0 });
    expect(results.find(({ check }) => check === 'what was sent by email arrived')).toEqual({
      promise: 'say it once',
      check: 'what was sent by email arrived',
      looked: 2,
      breached: 1,
      breaches: [{ what: 'a never arrived', ids: { notification: lost } }],
      note: '1 repeated under the same id',
    });
  });
});

describeWith(['postgres', 'redis'], 'the audit of cached carts', () => {
  test('an entry that shows another cart than the database under its stamp is found; one out of date is not used', async () => {
    const till = await openTill();
    const redis = connectRedis({ url: serviceUrl('redis'), log: undefined as never });
    try {
      while (redis.status !== 'ready') await sleep(10);
      const prefix = `audit*${newId()}:`;
      const cartId = await till.cart([{ variantId: await till.variant(5) }]);
      const { showCart } = await import('../../../src/domain/cart/index.js');
      const { entry } = await till.query((em) => showCart(em, cartId));
      const cache = createCartCache({ redis, prefix });
      const audit = async () => {
        const carts = createCachedCarts({ redis, prefix });
        const results = await auditPromises({ ...QUIET, query: till.query, carts }, { settledForMs: 0 });
        return results.find(({ check }) => check === 'cached carts equal the database');
      };
      await cache.keep(cartId, entry);
      expect(await audit()).toMatchObject({ looked: 1, breached: 0 });
      const changed = { ...entry.content, lines: [] };
      await cache.keep(cartId, { stamp: 'old', content: changed });
      expect(await audit()).toMatchObject({ looked: 1, breached: 0 });
      await cache.keep(cartId, { ...entry, content: changed });
      expect(await audit()).toMatchObject({ breached: 1, breaches: [{ ids: { cart: cartId } }] });
    } finally {
      redis.disconnect();
      await till.close();
    }
  });
});
