/** A shop under load that is hurt in every way we know, and what became of its promises. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from '../../dev/launcher/console.js';
import type { Lifetime } from '../../dev/launcher/lifetime.js';
import { openProfile } from '../../dev/launcher/profile.js';
import { firstPortOf, freePort } from '../../dev/launcher/ports.js';
import { auditInstance, auditLines } from '../../src/bin/audit-instance.js';
import { loadConfig } from '../../src/config.js';
import { PATCHES } from '../../src/workflows/patches.js';
import { comeToRest } from './at-rest.js';
import { startBalancer } from './balancer.js';
import type { CallRecord, Stage } from './contracts.js';
import { keepEvidence } from './evidence.js';
import { findClock } from './faults/clock.js';
import { mountSmallDisk } from './faults/disk.js';
import type { ChaosOptions } from './options.js';
import { runFaults } from './run-faults.js';
import { planFaults } from './schedule.js';
import { createShop, PROFILE } from './shop.js';
import { startStandIns } from './stand-in.js';
import { stockShelves } from './stock.js';

const REST_WITHIN_MS = 180_000;

/** The exit code: 0 where every promise was kept and everything came back. */
export async function runChaos(
  root: string,
  options: ChaosOptions,
  { console, lifetime }: { readonly console: Console; readonly lifetime: Lifetime },
): Promise<number> {
  const over = new AbortController();
  lifetime.defer(() => over.abort());
  const schedule = planFaults(options.seed, options.minutes, options.kinds);
  console.line(
    `seed ${options.seed}: ${schedule.faults.length} faults in ${options.minutes} minutes, ${options.shoppers} shoppers`,
  );

  const disk = options.kinds.includes('disk-full') ? await mountSmallDisk(root) : 'it was not asked for';
  if (typeof disk !== 'string') lifetime.defer(() => disk.unmount());
  const clock = await findClock(root, (text) => console.step('clock', text));
  const port = await freePort(firstPortOf(openProfile(root, PROFILE).owner), new Set());
  const balancer = await startBalancer(port);
  lifetime.defer(() => balancer.close());

  const problems: string[] = [];
  // A roll forward needs a version to come from.
  const [firstRoll] = schedule.faults.filter(({ kind }) => kind.startsWith('roll'));
  const asleep = firstRoll?.kind === 'roll-worker' ? PATCHES.join(',') : '';
  const shop = createShop({
    ...{ root, port, console, env: { DORMANT_PATCHES: asleep } },
    onEnd: (code) => problems.push(`the launcher ended by itself with code ${code}`),
  });
  lifetime.defer(async () => {
    if (typeof disk !== 'string') disk.free();
    await shop.stop();
  });
  await shop.start({ fresh: true });
  balancer.serve(Object.values(shop.apiPorts));
  const stage: Stage = { origin: balancer.origin, env: shop.env };
  const config = loadConfig({ ...process.env, ...stage.env });
  await stockShelves(config, options.seed);

  const startedAt = performance.now();
  const calls: CallRecord[] = [];
  const crowd = await startStandIns(stage, {
    ...{ seed: options.seed, shoppers: options.shoppers, startedAt },
    record: (call) => calls.push(call),
  });
  const faults = runFaults(schedule, { shop, disk, clock }, { startedAt, signal: over.signal, console });
  await sleep(schedule.endMs, undefined, { signal: over.signal });
  await faults.over;
  await crowd.stop();
  console.step('shoppers', 'have gone');

  const rest = await comeToRest(config, REST_WITHIN_MS, over.signal);
  console.step(
    'rest',
    rest.afterMs === null ? `${rest.moving} still move` : `after ${(rest.afterMs / 1_000).toFixed(1)} s`,
  );
  if (rest.afterMs === null) problems.push(`not at rest after ${REST_WITHIN_MS / 1_000} s: ${rest.moving} still move`);
  const audit = await auditInstance(config, { settledForMs: 0 });
  for (const line of auditLines(audit)) console.line(line);
  problems.push(...faults.problems);

  const ends = Object.groupBy(calls, ({ end }) => end);
  for (const [end, those] of Object.entries(ends)) console.step(end, String(those.length));
  for (const { kind, reason } of faults.skipped) console.step('skipped', `${kind}: ${reason}`);
  for (const problem of problems) console.step('PROBLEM', problem);
  const broken = problems.length > 0 || audit.some(({ breached }) => breached > 0);
  const out = isAbsolute(options.out) ? options.out : join(root, options.out);
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'spans.json'), JSON.stringify(faults.spans, null, 2));
  if (broken) await keepEvidence(join(out, 'breaches'), shop, config, { problems, audit, options });
  return broken ? 1 : 0;
}
