import { randomUUID } from 'node:crypto';
import { openGap, type Gap } from '../support/gap.js';
import { openShop, until, type OpenShop } from '../support/open-shop.js';
import {
  ask,
  prepare,
  verdict,
  type Answer,
  type Call,
  type Dependency,
  type Prepared,
} from '../support/outage-calls.js';
import { startTemporal, type OwnTemporal } from '../support/own-temporal.js';
import { describeWith, serviceUrl } from '../support/services.js';

const LAMP = {
  sku: 'LAMP-1',
  title: 'Desk lamp',
  brand: 'Acme',
  category: ['Lamps'],
  price_cents: 2_500,
  currency: 'USD',
  stock: 10_000,
};
const DEPENDENCIES: readonly Dependency[] = ['postgres', 'temporal', 'redis', 'elasticsearch', 'mail', 'sms'];
const PATIENCE_MS = 120_000;

const ROWS = DEPENDENCIES.flatMap((away) => [
  { away, how: 'refuses connections' as const },
  { away, how: 'says nothing' as const },
]);

describeWith(['postgres', 'redis', 'temporal', 'elasticsearch', 'mail', 'inbox', 'vonage'], 'a shop, while', () => {
  let temporal: OwnTemporal;
  let gaps: Record<Dependency, Gap>;
  let shop: OpenShop;
  let goods: { slug: string; variantId: string };
  let staff: string;
  const buyers: { email: string; phone: string }[] = [];
  const index = `outages-${randomUUID().slice(0, 8)}`;

  beforeAll(async () => {
    temporal = await startTemporal();
    const way = async (url: string): Promise<Gap> => openGap(new URL(url).host);
    gaps = {
      postgres: await way(serviceUrl('postgres')),
      temporal: await openGap(temporal.address),
      redis: await way(serviceUrl('redis')),
      elasticsearch: await way(serviceUrl('elasticsearch')),
      mail: await way(serviceUrl('mail')),
      sms: await way(serviceUrl('vonage')),
    };
    const over = (url: string, { address }: Gap): string => Object.assign(new URL(url), { host: address }).href;
    const env = ({ DATABASE_URL: database = '' }: Readonly<Record<string, string>>) => ({
      DATABASE_URL: over(database, gaps.postgres),
      TEMPORAL_ADDRESS: gaps.temporal.address,
      REDIS_URL: over(serviceUrl('redis'), gaps.redis),
      ELASTICSEARCH_URL: over(serviceUrl('elasticsearch'), gaps.elasticsearch),
      ELASTICSEARCH_INDEX: index,
      SMTP_URL: over(serviceUrl('mail'), gaps.mail),
      VONAGE_API_URL: over(serviceUrl('vonage'), gaps.sms),
    });
    shop = await openShop({
      temporal: temporal.address,
      products: [LAMP],
      reservationMs: 600_000,
      apiEnv: env,
      workerEnv: env,
    });
    const { browser, me } = shop.visit('Sam');
    const { id: userId } = await browser.register(me);
    await shop.rows(`insert into user_roles (user_id, role) values (?, 'admin') returning role`, [userId]);
    const body = { email: me.email, password: me.password };
    staff = `Bearer ${(await browser.ask(200, 'POST', '/auth/login', { body })).access_token}`;
    const search = () => browser.ask(200, 'GET', '/products/search', { params: { query: { q: 'lamp' } } });
    const { data } = await until(
      'the search index',
      search,
      (seen) => seen.backend === 'elasticsearch' && seen.total > 0,
      PATIENCE_MS,
    );
    const slug = data[0]?.slug ?? '';
    const product = await browser.ask(200, 'GET', '/products/{idOrSlug}', { params: { path: { idOrSlug: slug } } });
    goods = { slug, variantId: product.variants[0]?.id ?? '' };
  }, 240_000);

  afterAll(async () => {
    await shop.close();
    await Promise.all(Object.values(gaps).map((gap) => gap.close()));
    await temporal.close();
    await fetch(`${serviceUrl('elasticsearch')}/${index}*?expand_wildcards=all`, { method: 'DELETE' });
  }, 120_000);

  const verdictOf = async (call: Call): Promise<string> => verdict(call, await ask(shop.origin, call));
  const each = async <T>(
    calls: Readonly<Record<string, Call>>,
    look: (call: Call, name: string) => Promise<T>,
  ): Promise<Record<string, T>> =>
    Object.fromEntries(
      await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await look(call, name)] as const)),
    );

  /** Nothing of the rows before is still to be done. */
  const quiet = () =>
    until(
      'an end of all that was begun',
      () =>
        shop.rows(`select 'outbox ' || topic as left from outbox where published_at is null
          union all select event || ' ' || channel from notifications where status = 'pending'
          union all select 'order ' || id from orders where status = 'pending'
          union all select 'refund ' || status from refunds where status not in ('succeeded', 'failed', 'refused')`),
      (left) => left.length === 0,
      PATIENCE_MS,
    );

  /** Begins a checkout whose authorisation takes its time. */
  async function begin({ begun, carts: [, cartId] }: Prepared): Promise<{ readonly answer: Promise<string> }> {
    await shop.simulate('/test/switches', { latency_ms: 1_000, only: { method: 'POST', path: 'payment_intents$' } });
    const answer = verdictOf(begun).catch(String);
    await until(
      'the reservation',
      () =>
        shop.rows(
          `select 1 from checkout_steps s join checkouts c on c.id = s.checkout_id where c.cart_id = ? and s.step = 'stock_reserved'`,
          [cartId],
        ),
      (steps) => steps.length > 0,
    );
    return { answer };
  }

  /** Until the worker tried in vain to tell one of these carts' customers. */
  const tried = (away: 'mail' | 'sms', carts: readonly string[]) =>
    until(
      'a message',
      () =>
        shop.rows(
          `select 1 from notifications n join orders o on o.id = n.subject_id
           where o.cart_id = any(?::uuid[]) and n.channel = ? and n.attempts > 0`,
          [`{${carts.join()}}`, away === 'mail' ? 'email' : 'sms'],
        ),
      (seen) => seen.length > 0,
    );

  async function stock(): Promise<unknown> {
    return (await shop.rows('select on_hand, reserved from stock_levels where variant_id = ?', [goods.variantId]))[0];
  }

  test.each(ROWS)(
    '$away $how, answers all that it can, refuses the rest with 503 and Retry-After, and has lost nothing afterwards',
    async ({ away, how }) => {
      await quiet();
      const prepared = await prepare(shop, goods, staff);
      const { calls, begun, carts, orders } = prepared;
      await quiet();
      const before = (await stock()) as { on_hand: number; reserved: number };
      const reads = Object.fromEntries(Object.entries(calls).filter(([, call]) => call.reads === true));
      const read = await each(reads, (call) => ask(shop.origin, call));
      const underWay = await begin(prepared);

      if (how === 'says nothing') gaps[away].cut();
      else await gaps[away].refuse();
      let seen: Record<string, Answer>;
      try {
        seen = await each(calls, (call) => ask(shop.origin, call));
        if (away === 'mail' || away === 'sms') await tried(away, carts);
      } finally {
        await gaps[away].mend();
      }
      await shop.simulate('/test/switches', { latency_ms: 0, only: null });

      const needing = await each(calls, async ({ needs }) => (needs.includes(away) ? 'unavailable' : 'answered'));
      expect(await each(calls, async (call, name) => verdict(call, seen[name] as Answer))).toEqual(needing);
      expect(['answered', 'unavailable']).toContain(await underWay.answer);
      const [now, then] = [seen, read].map((answers) =>
        Object.keys(read).flatMap((name) => (needing[name] === 'answered' ? [[name, answers[name]?.body]] : [])),
      );
      expect(now).toEqual(then);

      // The service is back: everything repeated comes to one end, under the keys of before.
      const repeated = Object.entries({ ...calls, begun }).filter(
        ([name, { method, headers }]) =>
          method === 'GET' || headers?.['Idempotency-Key'] !== undefined || needing[name] === 'unavailable',
      );
      await each(Object.fromEntries(repeated), (call, name) =>
        until(
          name,
          () => verdictOf(call),
          (said) => said === 'answered',
          PATIENCE_MS,
        ),
      );
      await quiet();
      for (const cartId of carts) {
        const [order, ...more] = await until(
          'the order, and its capture',
          () =>
            shop.rows<{ checkout_id: string; total: number; status: string }>(
              'select checkout_id, total_amount as total, status from orders where cart_id = ?',
              [cartId],
            ),
          (rows) => rows.length > 0 && rows.every(({ status }) => status !== 'pending'),
          PATIENCE_MS,
        );
        expect(more).toEqual([]);
        expect(await shop.moneyOf(order?.checkout_id ?? '')).toEqual([{ captures: 1, net: order?.total, held: 0 }]);
      }
      await until(
        'the refunds, that of the cancellation too',
        () =>
          shop.rows('select order_id, reason from refunds where order_id = any(?::uuid[]) order by order_id', [
            `{${Object.values(orders).join()}}`,
          ]),
        (rows) => rows.length === 2,
        PATIENCE_MS,
      );
      // two pieces sold, one back on the shelf, one held
      await until(
        'the stock of it all',
        stock,
        (level) =>
          JSON.stringify(level) === JSON.stringify({ on_hand: before.on_hand - 1, reserved: before.reserved + 1 }),
      );
      expect(await shop.stockOutOfBalance()).toEqual([]);
      buyers.push(...Object.values(prepared.buyers));
    },
    300_000,
  );

  test('no service is away any more, has told every buyer of the order once, by mail and by SMS', async () => {
    await quiet();
    for (const { email, phone } of buyers) {
      const [mails, texts] = [await shop.outside.mailsTo(email), await shop.outside.textsTo(phone)];
      expect([mails.map(({ subject }) => subject), texts.length]).toEqual([
        [expect.stringContaining('is confirmed')],
        1,
      ]);
    }
  }, 180_000);
});
