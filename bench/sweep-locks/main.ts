/**
 * How long the sweep of overdue holds keeps stock locked, while a buyer asks for the same stock all the time:
 *
 *     npm run bench -- sweep-locks [holds] [reservation rows in a lot]
 *
 * Works in a database of its own beside the profile's. Exits with 1 when a lock was held for more than 200 ms.
 */
import pg from 'pg';
import { loadConfig } from '../../src/config.js';
import { endOverdueHolds } from '../../src/domain/holds/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { migrate } from '../../src/infra/db/migrate.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { quantile } from '../road/statistics.js';
import { overdueHolds } from '../../tests/support/overdue-holds.js';
import { createShop } from '../../tests/support/shop.js';

const LONGEST_MS = 200;
const VARIANTS = 20;
const AT_A_TIME = 10_000;

const [holds = 100_000, limit = 100] = process.argv.slice(2).map(Number);

const server = new pg.Client({ connectionString: loadConfig().database.url });
await server.connect();
const name = `sweep_locks_${process.pid}`;
await server.query(`create database ${name}`);
try {
  const url = new URL(loadConfig().database.url);
  url.pathname = `/${name}`;
  await migrate(url.href);
  const longest = await measure(url.href);
  if (longest > LONGEST_MS) process.exitCode = 1;
} finally {
  await server.query(`drop database ${name} with (force)`);
  await server.end();
}

async function measure(url: string): Promise<number> {
  const orm = createOrm({ url, poolMax: 2, statementTimeoutMs: 120_000 });
  const [query, transact] = [createQuery(orm), createTransact(orm)];
  const shop = createShop(query);
  const variants: string[] = [];
  for (let index = 0; index < VARIANTS; index += 1) variants.push((await shop.product()).variantId);
  for (let made = 0; made < holds; made += AT_A_TIME)
    await overdueHolds(query, variants, Math.min(AT_A_TIME, holds - made));
  await shop.run('analyze', []);

  const buyer = new pg.Client({ connectionString: url, application_name: 'buyer' });
  await buyer.connect();
  let sweeping = true;
  const waits: number[] = [];
  const buying = (async () => {
    while (sweeping) waits.push(await timed(() => lockStock(buyer, variants[waits.length % VARIANTS] ?? newId())));
  })();

  const lots: number[] = [];
  const begun = performance.now();
  for (let ended = -1; ended !== 0;)
    lots.push(
      await timed(async () => {
        ended = await transact((em) => endOverdueHolds(em, { graceMs: 15_000, limit }));
      }),
    );
  const seconds = (performance.now() - begun) / 1_000;
  sweeping = false;
  await buying;
  await buyer.end();

  const [left] = await shop.rows<{ live: number; reserved: number }>(
    `select (select count(*) from reservations where state = 'live') as live,
       (select sum(reserved) from stock_levels) as reserved`,
  );
  await orm.close(true);
  if (left?.live !== 0 || left.reserved !== 0) throw new Error(`not swept: ${JSON.stringify(left)}`);
  const longest = Math.max(...lots);
  say(`${holds} holds ended in ${lots.length - 1} transactions of ${limit} rows, ${seconds.toFixed(1)} s in all`);
  say(`a transaction, which no lock outlives: ${figures(lots)}`);
  say(`a buyer's wait for stock, ${waits.length} times: ${figures(waits)}`);
  return longest;
}

async function lockStock(client: pg.Client, variantId: string): Promise<void> {
  await client.query('begin');
  await client.query('select from stock_levels where variant_id = $1 for update', [variantId]);
  await client.query('commit');
}

async function timed(work: () => Promise<void>): Promise<number> {
  const begun = performance.now();
  await work();
  return performance.now() - begun;
}

function figures(times: readonly number[]): string {
  const at = (share: number) => quantile(times, share).toFixed(1);
  return `half in ${at(0.5)} ms, 99 % in ${at(0.99)} ms, the longest ${at(1)} ms`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
