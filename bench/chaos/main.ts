/** A shop under load that is hurt in every way we know, and what became of its promises. */
import { rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Console } from '../../dev/launcher/console.js';
import type { Lifetime } from '../../dev/launcher/lifetime.js';
import { auditInstance } from '../../src/bin/audit-instance.js';
import { loadConfig, type Config } from '../../src/config.js';
import { commitOf, machine } from '../road/results.js';
import { comeToRest } from './at-rest.js';
import { FAULT_KINDS } from './contracts.js';
import { startCrowd } from './crowd.js';
import { keepEvidence } from './evidence.js';
import { judgeVitals } from './flatness.js';
import { watchInvariants } from './invariants.js';
import { leakedInPeace, neverCame } from './judge.js';
import { createMeter } from './meter.js';
import type { ChaosOptions } from './options.js';
import { isClean, reportLines, reportOf, type Ran } from './report.js';
import { keepReport, writeIntoReadme } from './results.js';
import { runFaults } from './run-faults.js';
import { planFaults, type Schedule } from './schedule.js';
import { openStage, type OpenStage } from './stage.js';
import { takeTally } from './tally.js';
import { startView } from './view.js';
import { watchVitals } from './vitals.js';

const REST_WITHIN_MS = 180_000;

interface Surroundings {
  readonly console: Console;
  readonly lifetime: Lifetime;
}

/** The exit code: 0 where every promise was kept and everything came back by itself. */
export async function runChaos(
  root: string,
  options: ChaosOptions,
  { console, lifetime }: Surroundings,
): Promise<number> {
  const schedule = planFaults(options.seed, options.minutes, options.kinds);
  const { minutes, seed, shoppers } = options;
  // What is compiled now is what runs, whatever becomes of the files meanwhile.
  const commit = commitOf(root);
  console.line(`seed ${seed}: ${schedule.faults.length} faults in ${minutes} minutes, ${shoppers} shoppers`);
  const opened = await openStage(root, options, schedule, { console, lifetime });
  const config = loadConfig({ ...process.env, ...opened.stage.env });
  const over = new AbortController();
  // The first to go: no fault may meet a shop that is being closed.
  lifetime.defer(() => over.abort());
  const out = resolve(root, options.out);
  rmSync(join(out, 'breaches'), { recursive: true, force: true });
  const keep = (broken: unknown): Promise<string> => keepEvidence(out, opened.shop, config, broken);
  const played = await play(opened, options, schedule, { config, signal: over.signal }).catch(
    async (error: unknown) => {
      if (!over.signal.aborted) console.line(`what there is to know is in ${await keep({ failed: String(error) })}`);
      throw error;
    },
  );

  const report = reportOf({
    ...{ commit, at: new Date().toISOString(), machine: machine() },
    options: {
      ...{ minutes, seed, shoppers },
      faults: options.kinds.length === FAULT_KINDS.length ? 'all' : options.kinds.join(',') || 'none',
    },
    ...played,
  });
  for (const line of reportLines(report)) console.line(line);
  console.line(`kept in ${keepReport(out, report)}`);
  if (options.readme) writeIntoReadme(root, report);
  if (isClean(report)) return 0;
  const { problems, tally, spans } = report;
  const kept = await keep({ problems, options, ...tally, spans });
  console.line(`what is broken, with rows, histories and logs, is in ${kept}`);
  return 1;
}

async function play(
  { place, stage, problems }: OpenStage,
  { minutes, seed, shoppers, kinds }: ChaosOptions,
  schedule: Schedule,
  { config, signal }: { readonly config: Config; readonly signal: AbortSignal },
): Promise<Omit<Ran, 'commit' | 'at' | 'machine' | 'options'>> {
  const startedAt = performance.now();
  const now = (): number => performance.now() - startedAt;
  const meter = createMeter();
  const crowd = await startCrowd(stage, { seed, shoppers, startedAt, record: (call) => meter.record(call) });
  const invariants = watchInvariants(stage.env['DATABASE_URL'] ?? '', now);
  const vitals = watchVitals({ shop: place.shop, config, now, visits: () => crowd.visits().length });
  const faults = runFaults(schedule, place, { startedAt, signal, say: (line) => view.say(line) });
  const view = startView({
    ...{ meter, invariants, now, endsMs: schedule.endMs, out: process.stdout },
    ...{ faults: () => faults.spans, visits: crowd.visits, surprises: crowd.surprises },
  });
  try {
    await sleep(schedule.endMs - now(), undefined, { signal });
    await vitals.close();
    await faults.over;
    await crowd.stop();
    view.say('the shoppers have gone');
    const rest = await comeToRest(config, REST_WITHIN_MS, { signal, say: (line) => view.say(line) });
    if (rest.moving > 0) problems.push(`${rest.moving} still move after ${rest.afterMs} ms: ${rest.flows.join('; ')}`);
    await invariants.close();
    const audit = await auditInstance(config, { settledForMs: 0 });
    const heard = { visits: crowd.visits(), surprises: crowd.surprises(), audit };
    const tally = await takeTally(stage, heard);
    if (tally.counts.placed === 0) problems.push('nobody could buy anything');
    for (const name of ['oversold', 'charged'] as const) {
      const worst = Math.max(0, ...invariants.samples().map((sample) => sample[name] ?? 0));
      if (worst > 0) problems.push(`${name} while it ran, up to ${worst} at once`);
    }
    return {
      ...{ settleMs: rest.afterMs, tally, visits: heard.visits, spans: faults.spans, skipped: faults.skipped },
      ...{ seconds: meter.seconds(), calls: meter.calls(), samples: meter.samples(), invariants: invariants.samples() },
      vitals: judgeVitals(vitals.samples(), schedule.faults.length === 0),
      problems: [
        ...[...problems, ...faults.problems],
        ...leakedInPeace(invariants.leaks(), faults.spans),
        ...neverCame(minutes, kinds, faults),
      ],
    };
  } finally {
    view.close();
    await Promise.all([invariants.close(), vitals.close()]);
  }
}
