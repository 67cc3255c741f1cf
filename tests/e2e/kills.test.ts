import pg from 'pg';
import { checkoutBody } from '../../dev/demo/client.js';
import type { Order } from '../../dev/demo/shapes.js';
import type { Visit } from '../../dev/demo/visit.js';
import { checkoutWorkflowId } from '../../src/workflows/contracts.js';
import { openGap, type Gap } from '../support/gap.js';
import { buy, hire, openShop, until, type OpenShop } from '../support/open-shop.js';
import { describeWith, serviceUrl } from '../support/services.js';

describeWith(['postgres', 'redis', 'temporal', 'mail', 'vonage'], 'a shop, when a process is killed', () => {
  let gap: Gap;
  let shop: OpenShop;
  beforeAll(async () => {
    gap = await openGap(serviceUrl('temporal'));
    shop = await openShop({ apiEnv: { TEMPORAL_ADDRESS: gap.address } });
  }, 180_000);
  afterAll(async () => {
    await shop.close();
    await gap.close();
  });

  async function fill({ browser, shelf }: Visit): Promise<string> {
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query: { limit: '50' } } });
    const { variant } = await shelf.take(browser, data, 1);
    await browser.addToCart(variant.id, 1);
    return variant.id;
  }

  async function expectOneOrder(checkoutId: string, { id, total }: Order): Promise<void> {
    const money = await until(
      'the capture',
      () => shop.moneyOf(checkoutId),
      (seen) => seen.some(({ captures }) => captures > 0),
    );
    expect(money).toEqual([{ captures: 1, net: total.amount, held: 0 }]);
    const orders = await shop.orders();
    expect(orders.filter((each) => each.checkout_id === checkoutId).map((each) => each.id)).toEqual([id]);
    expect(await shop.stockOutOfBalance()).toEqual([]);
  }

  /** The money is authorised and the order is not placed: placing waits for a lock of ours. */
  async function stopBeforePlacing(variantId: string, checkoutId: () => Promise<string>): Promise<() => Promise<void>> {
    const client = new pg.Client({ connectionString: shop.databaseUrl });
    client.on('error', () => undefined);
    await client.connect();
    const id = await until('the reservation', checkoutId, (seen) => seen !== '');
    const steps = () => shop.rows<{ step: string }>('select step from checkout_steps where checkout_id = ?', [id]);
    await until('the reservation', steps, (seen) => seen.some(({ step }) => step === 'stock_reserved'));
    await client.query('begin');
    await client.query('select from stock_levels where variant_id = $1 for update', [variantId]);
    const seen = await until('the authorisation', steps, (now) =>
      now.some(({ step }) => step === 'payment_authorised'),
    );
    expect(seen.map(({ step }) => step)).toEqual(['stock_reserved', 'payment_authorised']);
    return () => client.end();
  }

  test('the worker, between authorise and place of a checkout: another goes on, with one order and one capture', async () => {
    const visit = shop.visit('Ivy');
    const { browser, me } = visit;
    const variantId = await fill(visit);
    const body = checkoutBody(me, 'pm_card_visa');
    await shop.simulate('/test/switches', { latency_ms: 1_500, only: { method: 'POST', path: 'payment_intents$' } });
    const first = browser.call('POST', '/checkout', { body });
    const idOf = async () => (await browser.ask(200, 'GET', '/cart')).checkout_id ?? '';
    const letGo = await stopBeforePlacing(variantId, idOf);
    const checkoutId = await idOf();

    await shop.running.worker.kill();
    await letGo();
    await shop.simulate('/test/reset', {});
    expect((await first).status).toBe(202);
    expect(await shop.orders()).toEqual([]);
    expect(await shop.moneyOf(checkoutId)).toEqual([{ captures: 0, net: 0, held: expect.any(Number) as number }]);
    shop.running.worker = await shop.startWorker();

    await expectOneOrder(checkoutId, await buy(browser, body, { withinMs: 90_000, again: [202, 503] }));
  }, 180_000);

  test('the API, between accepting a checkout and starting its flow: a repeat makes the order', async () => {
    const visit = shop.visit('Jon');
    const { browser, me } = visit;
    await fill(visit);
    const body = checkoutBody(me, 'pm_card_visa');

    gap.cut();
    const lost = browser.call('POST', '/checkout', { body }).catch(() => 'no answer');
    const find = () => shop.rows<{ id: string }>("select id from checkouts where status = 'accepted'");
    const [accepted] = await until('the accepted checkout', find, (seen) => seen.length > 0);
    const checkoutId = accepted?.id ?? '';
    await shop.running.api.kill();
    await gap.mend();
    expect(await lost).toBe('no answer');
    expect((await shop.outside.flow(checkoutWorkflowId(checkoutId))).status).toBe('ABSENT');

    shop.running.api = await shop.startApi();
    await expectOneOrder(checkoutId, await buy(browser, body, { again: [202, 503] }));
  }, 180_000);

  test('a worker, in the middle of an uploaded CSV file: another goes on behind its last batch', async () => {
    const token = await hire(shop, shop.visit('Kay'), 'admin');
    const held = new pg.Client({ connectionString: shop.databaseUrl });
    await held.connect();
    await held.query('begin');
    await held.query(`select from products where slug = 'cherry-keyboard-grey' for update`);

    const before = 300;
    const rows = Array.from({ length: before }, (_, n) => `KILL-${n},"Thing, ${n}",Kills,100,USD`);
    const rest = [
      'KB-Grey,Cherry keyboard greyer,Computers > Keyboards,1999,USD',
      'KILL-LAST,Last,Kills,100,USD',
      ',,,,',
    ];
    const response = await fetch(`${shop.origin}/api/v1/admin/imports`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/csv' },
      body: ['sku,title,category,price_cents,currency', ...rows, ...rest].join('\n'),
    });
    expect(response.status).toBe(202);
    const { id } = (await response.json()) as { id: string };
    const progress = async () =>
      (
        await shop.rows<{ status: string; lines_read: number }>('select status, lines_read from imports where id = ?', [
          id,
        ])
      )[0];
    // the batch with the row that is held waits
    const half = await until('the first batch', progress, (seen) => (seen?.lines_read ?? 0) > 0);
    expect(half).toMatchObject({ status: 'running' });
    expect(half?.lines_read).toBeLessThan(before);

    await shop.running.worker.kill();
    await held.end();
    shop.running.worker = await shop.startWorker();
    // its activity is missed only when no heartbeat came for half a minute
    await until('the end of the import', progress, (seen) => seen?.status === 'completed', 120_000);
    expect(
      await shop.rows('select lines_read, created, updated, unchanged, refused from imports where id = ?', [id]),
    ).toEqual([{ lines_read: before + 4, created: before + 1, updated: 1, unchanged: 0, refused: 1 }]);
    expect(await shop.rows(`select from variants where sku like 'KILL-%'`)).toHaveLength(before + 1);
    expect(await shop.rows('select from import_pieces')).toEqual([]);
  }, 240_000);
});
