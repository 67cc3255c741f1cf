import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Connection } from '@temporalio/client';
import { checkoutBody } from '../../dev/demo/client.js';
import { fillCart } from '../../dev/demo/shoppers/steps.js';
import type { Visit } from '../../dev/demo/visit.js';
import { pathWithPrograms } from '../../dev/launcher/services/postgres-programs.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { migrate } from '../../src/infra/db/migrate.js';
import { importLine } from '../support/catalogue.js';
import { ask, openClusters, type Server } from '../support/cluster.js';
import { buy as order, challenge, hire, openShop, until, type OpenShop } from '../support/open-shop.js';
import { runProcess } from '../support/processes.js';
import { describeWith, serviceUrl } from '../support/services.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** A PATH with them; the launcher gets them only for those who back up. */
process.env['POSTGRES_PROGRAMS'] ??= await pathWithPrograms(ROOT).catch(() => '');
const NOBODY_THERE = 'smtp://127.0.0.1:1';

const SERVICES = ['postgres', 'postgres-programs', 'redis', 'temporal', 'mail', 'inbox', 'vonage'] as const;

describeWith(SERVICES, 'a shop that lost all its services', () => {
  let clusters: Awaited<ReturnType<typeof openClusters>>;
  let source: Server;
  let shop: OpenShop;
  let backups: string;
  beforeAll(async () => {
    backups = mkdtempSync(join(tmpdir(), 'back-ups-'));
    clusters = await openClusters();
    source = await clusters.create('source', clusters.archive);
    await migrate(source.url);
    shop = await openShop({
      database: { url: source.url, drop: async () => undefined },
      reservationMs: 120_000,
      // What is to be mailed waits.
      workerEnv: { SMTP_URL: NOBODY_THERE },
    });
  }, 180_000);
  afterAll(async () => {
    try {
      await shop.close();
    } finally {
      await clusters.close();
      rmSync(backups, { recursive: true });
    }
  }, 60_000);

  /** A program of ours, with the environment of the shop. */
  const run = (file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    runProcess(file, args, { ...shop.env(), PATH: serviceUrl('postgres-programs'), ...env });
  const backUp = async (kind: string): Promise<string> => {
    const { code, output } = await run('src/bin/backup.ts', [kind, backups]);
    expect(code).toBe(0);
    return output.trim();
  };

  async function buy(visit: Visit): Promise<{ orderId: string; checkoutId: string }> {
    await fillCart(visit, 1);
    const { id } = await order(visit.browser, checkoutBody(visit.me, 'pm_card_visa'));
    await until(
      'the capture',
      () => visit.browser.ask(200, 'GET', '/orders/{id}', { params: { path: { id } } }),
      ({ status }) => status === 'confirmed',
    );
    const { checkout_id: checkoutId = '' } = (await shop.orders()).find((order) => order.id === id) ?? {};
    return { orderId: id, checkoutId };
  }

  /** Flows of these rows ran in a Temporal that is lost. */
  async function withoutFlows(): Promise<{ importId: string; alertId: string }> {
    const [importId, alertId] = [newId(), newId()];
    const file = join(backups, 'products.ndjson');
    writeFileSync(file, `${JSON.stringify(importLine({ sku: 'LATE', category: ['Late', 'Late'], price_cents: 1 }))}\n`);
    await shop.rows('insert into imports (id, source) values (?, ?) returning id', [importId, file]);
    await shop.rows('insert into stock_alerts (id) values (?) returning id', [alertId]);
    await shop.rows(
      `insert into notifications (id, subject_type, subject_id, event, channel)
       values (?, 'stock_alert', ?, 'low_stock', 'email') returning id`,
      [newId(), alertId],
    );
    return { importId, alertId };
  }

  /** As if all this had taken an hour. */
  async function anHourLater(url: string): Promise<void> {
    for (const [table, columns] of Object.entries({
      checkouts: ['created_at', 'updated_at', 'expires_at'],
      reservations: ['expires_at'],
      cart_holds: ['expires_at'],
      orders: ['placed_at', 'updated_at'],
      refunds: ['updated_at'],
      notifications: ['created_at'],
    }))
      await ask(
        url,
        'perdure',
        `update ${table} set ${columns.map((name) => `${name} = ${name} - interval '1 hour'`).join(', ')}`,
      );
  }

  async function emptyNamespace(): Promise<string> {
    const namespace = `restored-${newId()}`;
    const connection = await Connection.connect({ address: serviceUrl('temporal') });
    const { workflowService } = connection;
    await workflowService.registerNamespace({
      namespace,
      workflowExecutionRetentionPeriod: { seconds: 86_400 as never },
    });
    await until(
      'the namespace',
      () =>
        workflowService.describeNamespace({ namespace }).then(
          () => true,
          () => false,
        ),
      (there) => there,
    );
    await connection.close();
    return namespace;
  }

  const open = async (): Promise<object> => {
    const [row] = await shop.rows<Record<string, number>>(
      `select (select count(*) from checkouts where closed_at is null) as checkouts,
         (select count(*) from cart_holds where state = 'live') as holds,
         (select count(*) from reservations where state = 'live') as reservations,
         (select count(*) from orders where status = 'pending') as orders,
         (select count(*) from order_cancellations where ended_at is null) as cancellations,
         (select count(*) from refunds where status in ('requested', 'pending')) as refunds,
         (select count(*) from notifications where status = 'pending') as messages,
         (select count(*) from password_resets where status = 'requested') as resets,
         (select count(*) from email_confirmations where sent_at is null) as confirmations,
         (select count(*) from imports where status in ('accepted', 'running')) as imports,
         (select count(*) from outbox where published_at is null) as outbox`,
    );
    return row ?? {};
  };
  const NOTHING = {
    ...{ checkouts: 0, holds: 0, reservations: 0, orders: 0, cancellations: 0, refunds: 0 },
    ...{ messages: 0, resets: 0, confirmations: 0, imports: 0, outbox: 0 },
  };

  test('is restored to a moment, ends what was under way then, and asks about money that came later', async () => {
    const [ada, ben, uma] = [shop.visit('Ada'), shop.visit('Ben'), shop.visit('Uma')];
    const [tom, hedy, kim, lou] = [shop.visit('Tom'), shop.visit('Hedy'), shop.visit('Kim'), shop.visit('Lou')];
    const first = await buy(ada);
    const base = await backUp('base');

    // what the back-up does not have, and its WAL does
    await hire(shop, kim, 'admin');
    const second = await buy(ben);
    const third = await buy(uma);
    await shop.simulate('/test/switches', { unavailable: 10_000, only: { method: 'POST', path: 'refunds$' } });
    await kim.browser.ask(202, 'POST', '/admin/orders/{id}/refunds', {
      params: { path: { id: second.orderId } },
      body: { restock: true },
    });
    await kim.browser.ask(202, 'POST', '/admin/orders/{id}/cancel', {
      params: { path: { id: third.orderId } },
      body: {},
    });
    await kim.browser.ask(202, 'POST', '/auth/password-reset', { body: { email: kim.me.email } });
    await fillCart(tom, 1);
    const challenged = await challenge(tom.browser, checkoutBody(tom.me, 'pm_card_threeDSecure2Required'));
    await fillCart(hedy, 1);
    await hedy.browser.ask(201, 'POST', '/cart/reservation');
    const { importId, alertId } = await withoutFlows();
    await until('the confirmation to tell', open, (seen) => 'messages' in seen && Number(seen.messages) >= 3);
    expect(await open()).toMatchObject({
      checkouts: 1,
      holds: 1,
      cancellations: 1,
      resets: 1,
      confirmations: 1,
      imports: 1,
    });
    const dump = await backUp('dump');
    const [moment] = await shop.rows<{ now: string }>('select clock_timestamp() as now');

    // what is lost
    await shop.simulate(`/test/payment_intents/${challenged.intentId}/authenticate`, { outcome: 'succeed' });
    await until(
      'the capture',
      () => shop.moneyOf(challenged.checkoutId),
      ([seen]) => seen?.captures === 1,
    );
    const lost = await buy(lou);
    const [last] = await ask<{ wal: string }>(source.url, 'postgres', 'select pg_walfile_name(pg_switch_wal()) as wal');
    await until(
      'the archive',
      () =>
        ask<{ wal: string | null }>(source.url, 'postgres', 'select last_archived_wal as wal from pg_stat_archiver'),
      ([seen]) => (seen?.wal ?? '') >= (last?.wal ?? ''),
    );
    await Promise.all([shop.running.api.kill(), shop.running.worker.kill(), source.kill()]);
    await shop.simulate('/test/reset', {});

    // the runbook's steps
    const data = clusters.dataOf('restored');
    const target = ['--wal', clusters.archive, '--until', moment?.now ?? ''];
    expect((await run('src/bin/restore.ts', ['base', base, '--into', data, ...target])).code).toBe(0);
    const restored = await clusters.start(data, null);
    await shop.moveTo({ DATABASE_URL: restored.url });
    expect((await shop.orders()).map(({ id }) => id)).toEqual([first.orderId, second.orderId, third.orderId]);
    await anHourLater(restored.url);
    expect((await run('src/bin/restore.ts', ['finish'])).code).toBe(1);
    await shop.moveTo({ TEMPORAL_NAMESPACE: await emptyNamespace() });
    for (let times = 0; times < 2; times += 1) expect((await run('src/bin/restore.ts', ['finish'])).code).toBe(0);
    shop.running.worker = await shop.startWorker({});
    shop.running.api = await shop.startApi();

    expect(
      await until('the end of all that was under way', open, (seen) => !Object.values(seen).some(Number), 90_000),
    ).toEqual(NOTHING);
    await kim.browser.ask(401, 'GET', '/users/me');
    await kim.browser.logIn(kim.me);
    expect(await shop.moneyOf(first.checkoutId)).toMatchObject([{ captures: 1, held: 0 }]);
    for (const checkoutId of [second.checkoutId, third.checkoutId, challenged.checkoutId])
      expect(await shop.moneyOf(checkoutId)).toMatchObject([{ captures: 1, net: 0 }]);
    const subjects = async ({ me }: Visit) => (await shop.outside.mailsTo(me.email)).map(({ subject }) => subject);
    expect(await subjects(kim)).toEqual(
      expect.arrayContaining(['Choose a new password', 'Confirm your e-mail address']),
    );
    for (const visit of [ada, tom]) expect(await subjects(visit)).toHaveLength(1);
    expect(await shop.rows('select status from imports where id = ?', [importId])).toEqual([{ status: 'completed' }]);
    expect(await shop.rows('select status from notifications where subject_id = ?', [alertId])).toEqual([
      { status: 'skipped' },
    ]);

    // money of a checkout that nobody knows any more
    const { data: asked } = await until(
      'the difference',
      () =>
        kim.browser.ask(200, 'GET', '/admin/reconciliation-differences', {
          params: { query: { state: 'awaiting_approval' } },
        }),
      (seen) => seen.data.length > 0,
    );
    expect(asked).toMatchObject([{ kind: 'money_of_lost_checkout', subject: { checkout: lost.checkoutId } }]);
    for (const { id, expected, found } of asked)
      await kim.browser.ask(202, 'POST', '/admin/reconciliation-differences/{id}/approve', {
        params: { path: { id }, header: { 'Idempotency-Key': newId() } },
        body: { expected, found },
      });
    await until(
      'the money back',
      () => shop.moneyOf(lost.checkoutId),
      ([seen]) => seen?.net === 0,
    );

    // the dump is the same shop
    await ask(restored.url, 'postgres', 'create database dumped');
    const dumped = new URL(restored.url);
    dumped.pathname = '/dumped';
    expect((await run('src/bin/restore.ts', ['dump', dump], { DATABASE_URL: dumped.href })).code).toBe(0);
    expect(await ask(restored.url, 'dumped', 'select id from orders order by placed_at')).toEqual([
      { id: first.orderId },
      { id: second.orderId },
      { id: third.orderId },
    ]);
    expect((await run('src/bin/restore.ts', ['dump', dump], { DATABASE_URL: dumped.href })).code).toBe(1);
  }, 240_000);
});
