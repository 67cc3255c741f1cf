import { closedLoop, openLoop } from './load.js';
import type { Meter } from './meter.js';
import { checkout } from './operations.js';
import { orderBody, type Shop } from './shop.js';
import { quantile, spreadOf, type Spread } from './statistics.js';

/** What the customer waits for, and what they would wait for if the request did it all. Milliseconds. */
export interface Messages {
  readonly answer: Spread;
  readonly told: Spread;
}

/** One checkout after the other: when it is answered, and when money is taken and mail and SMS are out. */
export async function watchMessages(shop: Shop, meter: Meter, count: number): Promise<Messages> {
  const answers: number[] = [];
  const sent = new Map<string, number>();
  for (let index = 0; index < count; index += 1) {
    const token = await shop.fillCart([shop.goods[index % shop.goods.length]?.variantId ?? '']);
    const [started, clock] = [performance.now(), Date.now()];
    const order = await shop.http.ask<{ id: string }>(201, 'POST', '/api/v1/checkout', {
      body: orderBody(index),
      headers: { 'X-Cart-Token': token },
    });
    answers.push(performance.now() - started);
    sent.set(order.id, clock);
    await shop.settled();
  }
  const rows = await meter.read<{ id: string; told: Date }>(
    `select subject_id as id, max(sent_at) as told from notifications
     where subject_id = any($1) and status = 'sent' group by subject_id`,
    [[...sent.keys()]],
  );
  return {
    answer: spreadOf(answers),
    told: spreadOf(rows.map(({ id, told }) => told.getTime() - (sent.get(id) ?? Number.NaN))),
  };
}

export interface SlowProvider {
  readonly latencyMs: number;
  /** Without the one call that the answer waits for. Milliseconds. */
  readonly ownShareOfAnswer: Spread;
  /** Without the two calls, until the customer is told. */
  readonly ownShareOfWhole: Spread;
}

const CALLS_BEFORE_TOLD = 2;

/** The same beside a provider that takes its time: what is left is ours. */
export async function slowProvider(
  shop: Shop,
  meter: Meter,
  { stripeUrl, latencyMs, count }: { readonly stripeUrl: string; readonly latencyMs: number; readonly count: number },
): Promise<SlowProvider> {
  await switchProvider(stripeUrl, latencyMs);
  try {
    const { answer, told } = await watchMessages(shop, meter, count);
    const less = ({ p50, p95, p99 }: Spread, ms: number): Spread => ({ p50: p50 - ms, p95: p95 - ms, p99: p99 - ms });
    return {
      latencyMs,
      ownShareOfAnswer: less(answer, latencyMs),
      ownShareOfWhole: less(told, CALLS_BEFORE_TOLD * latencyMs),
    };
  } finally {
    await switchProvider(stripeUrl, 0);
  }
}

async function switchProvider(stripeUrl: string, latencyMs: number): Promise<void> {
  const answer = await fetch(`${stripeUrl}/test/switches`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ latency_ms: latencyMs }),
  });
  if (!answer.ok) throw new Error(`the payment provider's switches answered ${answer.status}`);
}

export interface Rush {
  readonly buyers: number;
  readonly pieces: number;
  readonly overSeconds: number;
  readonly orders: number;
  /** How often each status was answered. */
  readonly statuses: Readonly<Record<string, number>>;
  readonly flows: number;
  readonly success95: number;
  readonly refusal95: number;
}

/** More buyers than pieces of one thing, arriving over some seconds, each with a cart that is full already. */
export async function rush(
  shop: Shop,
  meter: Meter,
  { buyers, pieces, overSeconds }: Pick<Rush, 'buyers' | 'pieces' | 'overSeconds'>,
): Promise<Rush> {
  const variantId = shop.goods[0]?.variantId ?? '';
  const tokens: string[] = [];
  const fill = async (index: number): Promise<void> => {
    tokens[index] = await shop.fillCart([variantId]);
  };
  await closedLoop(fill, { concurrency: 8, count: buyers });
  await shop.stock(variantId, pieces);
  const ordersOf = async (): Promise<number> => {
    const rows = await meter.read<{ count: string }>('select count(*) from order_lines where variant_id = $1', [
      variantId,
    ]);
    return Number(rows[0]?.count ?? 0);
  };
  const before = { orders: await ordersOf(), flows: await rows(meter, 'checkouts') };
  const statuses: Record<string, number> = {};
  const waits: Record<'success' | 'refusal', number[]> = { success: [], refusal: [] };
  await openLoop(
    async (index) => {
      const began = performance.now();
      const { status } = await shop.http.send('POST', '/api/v1/checkout', {
        body: orderBody(index),
        headers: { 'X-Cart-Token': tokens[index] ?? '' },
      });
      statuses[status] = (statuses[status] ?? 0) + 1;
      if (status < 300) waits.success.push(performance.now() - began);
      else if (status < 500) waits.refusal.push(performance.now() - began);
    },
    { perSecond: buyers / overSeconds, count: buyers },
  );
  await shop.settled();
  const result = {
    ...{ buyers, pieces, overSeconds, statuses },
    orders: (await ordersOf()) - before.orders,
    flows: (await rows(meter, 'checkouts')) - before.flows,
    success95: quantile(waits.success, 0.95),
    refusal95: quantile(waits.refusal, 0.95),
  };
  await shop.stock(variantId, 1_000_000);
  return result;
}

const rows = async (meter: Meter, table: 'checkouts'): Promise<number> =>
  Number((await meter.read<{ count: string }>(`select count(*) from ${table}`))[0]?.count ?? 0);

export interface Load {
  readonly offered: number;
  /** Checkouts a second until the last one's customer was told. */
  readonly completed: number;
  readonly failed: number;
  readonly p95: number;
  readonly cores: Readonly<Record<string, number>>;
}

export interface Knee {
  /** The most new checkouts a second that were also completed; 0 where not even the first load was. */
  readonly sustained: number;
  readonly loads: readonly Load[];
}

/** Of what is offered, so much must be done when the last customer is told. */
const KEPT_UP = 0.93;

/** New checkouts at a steady rate, more each time, until they are not completed as fast as they come. */
export async function findKnee(
  shop: Shop,
  meter: Meter,
  { rates, seconds }: { readonly rates: readonly number[]; readonly seconds: number },
): Promise<Knee> {
  const loads: Load[] = [];
  for (const offered of rates) {
    const load = await tryRate(shop, meter, offered, seconds);
    loads.push(load);
    if (!keptUp(load)) break;
  }
  return { sustained: Math.max(0, ...loads.filter(keptUp).map(({ offered }) => offered)), loads };
}

const keptUp = ({ offered, completed, failed }: Load): boolean => failed === 0 && completed >= offered * KEPT_UP;

async function tryRate(shop: Shop, meter: Meter, offered: number, seconds: number): Promise<Load> {
  let failed = 0;
  let p95 = 0;
  const count = offered * seconds;
  const buy = checkout(shop);
  const began = performance.now();
  const cores = await meter.coresDuring(async () => {
    const run = await openLoop(
      (index) =>
        buy(index).catch(() => {
          failed += 1;
        }),
      { perSecond: offered, count },
    );
    p95 = quantile(run.latencies, 0.95);
    await shop.settled();
  });
  return { offered, completed: count / ((performance.now() - began) / 1_000), failed, p95, cores };
}
