import type { SecuredPayment } from '../../../src/domain/checkout/index.js';
import { createStripeGateway } from '../../../src/infra/stripe/gateway.js';
import { openTill, type Till } from '../../support/builders/till.js';
import { openSlowWay, type Listening } from '../../support/gate.js';
import { SECRET_KEY } from '../../unit/simulators/stripe-bench.js';

const BUYERS = 50;

let till: Till;
beforeAll(async () => {
  till = await openTill();
});
afterEach(() => till.assertStock());
afterAll(async () => {
  await Promise.all(ways.map((way) => way.close()));
  await till.close();
});

const ways: Listening[] = [];
/** Activities whose provider has done what they ask, and lets them wait for its answer. */
async function slow(passes: () => Promise<void>) {
  const way = await openSlowWay(till.provider.url, passes);
  ways.push(way);
  const patient = { secretKey: SECRET_KEY, apiUrl: way.url, webhookSecrets: [], timeoutMs: 60_000 };
  return till.withGateway(createStripeGateway(patient));
}

/** Holds every answer back until it is opened. */
function gate() {
  const opened = Promise.withResolvers<void>();
  const full = Promise.withResolvers<void>();
  let waiting = 0;
  return {
    async pass(): Promise<void> {
      waiting += 1;
      if (waiting === BUYERS) full.resolve();
      await opened.promise;
    },
    full: full.promise,
    open: opened.resolve,
  };
}

/** Transactions of others, and locks that somebody holds or waits for, in this database. */
async function busy() {
  const [row] = await till.shop.rows<{ transactions: number; locks: number }>(
    `select (select count(*) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and xact_start is not null
           and backend_type = 'client backend') as transactions,
       (select count(*) from pg_locks l join pg_database d on d.oid = l.database join pg_stat_activity a on a.pid = l.pid
         where d.datname = current_database() and l.pid <> pg_backend_pid() and a.backend_type = 'client backend') as locks`,
  );
  return row;
}

test('50 buyers of one variant, while the provider answers none of their calls, hold no transaction and no lock', async () => {
  const variantId = await till.variant(BUYERS);
  const ids: string[] = [];
  for (let buyer = 0; buyer < BUYERS; buyer += 1)
    ids.push((await till.reserved([{ variantId, quantity: 1 }])).checkoutId);
  const places = new Map<string, SecuredPayment>();

  const authorising = gate();
  const held = await slow(authorising.pass);
  const authorised = Promise.all(
    ids.map(async (checkoutId) => {
      const { heard: _, ...payment } = await held.payments.authorisePayment({ checkoutId, attempt: 1 });
      places.set(checkoutId, payment as SecuredPayment);
    }),
  );
  await authorising.full;
  expect(await busy()).toEqual({ transactions: 0, locks: 0 });
  authorising.open();
  await authorised;

  const [placed, undone] = [ids.slice(0, BUYERS / 2), ids.slice(BUYERS / 2)];
  for (const checkoutId of placed)
    await till.checkouts.placeOrder({ checkoutId, payment: places.get(checkoutId) as SecuredPayment });
  for (const checkoutId of undone) await till.shut(checkoutId);

  const ending = gate();
  const ended = await slow(ending.pass);
  const all = Promise.all([
    ...placed.map((checkoutId) => ended.checkouts.capturePayment({ checkoutId })),
    ...undone.map((checkoutId) => ended.payments.voidPayment({ checkoutId })),
  ]);
  await ending.full;
  expect(await busy()).toEqual({ transactions: 0, locks: 0 });
  ending.open();
  await all;
  for (const checkoutId of undone) await till.end(checkoutId);
  expect(await till.stock(variantId)).toEqual([BUYERS / 2, 0]);
  const paid = { captures: 1, held: 0, voided: 0 };
  for (const checkoutId of placed) expect(till.moved(checkoutId)).toMatchObject(paid);
  for (const checkoutId of undone) expect(till.moved(checkoutId)).toMatchObject({ captures: 0, captured: 0, held: 0 });
});
