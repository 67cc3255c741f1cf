import { pipes, withBlock } from '../readme.js';
import type { Measured } from './meter.js';
import type { Knee, Messages, Rush, SlowProvider } from './stories.js';

export interface Line {
  readonly name: string;
  /** What its cost is compared with; null for the floors themselves. */
  readonly floor: 'route' | 'checkout' | null;
  /** One for each concurrency. */
  readonly levels: readonly Measured[];
}

export interface Report {
  readonly commit: string;
  readonly at: string;
  readonly machine: string;
  readonly operations: readonly Line[];
  readonly floors: readonly Line[];
  /** Megabytes at the peak, by process. */
  readonly memory: Readonly<Record<string, number>>;
  readonly messages: Messages;
  readonly slowProvider: SlowProvider;
  readonly rush: Rush;
  readonly knee: Knee;
}

export interface Table {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

const PARTS = ['api', 'worker', 'temporal', 'postgres', 'redis', 'elasticsearch'] as const;
/** At this concurrency cost and statements are told. */
const TOLD_AT = 8;

export const ms = (value: number): string => (Number.isFinite(value) ? value.toFixed(value < 10 ? 1 : 0) : '–');
const one = (value: number): string => (Number.isFinite(value) ? value.toFixed(1) : '–');
const spread = ({ p50, p95, p99 }: { readonly p50: number; readonly p95: number; readonly p99: number }): string =>
  `${ms(p50)} / ${ms(p95)} / ${ms(p99)}`;

export const levelOf = ({ levels }: Line, concurrency = TOLD_AT): Measured | undefined =>
  levels.find((level) => level.concurrency === concurrency) ?? levels[0];

/** How many times the cost of its floor an operation costs; null for the floors themselves. */
export function ratioOf({ floors }: Pick<Report, 'floors'>, line: Line): number | null {
  const floor = line.floor === null ? undefined : floors[line.floor === 'route' ? 0 : 1];
  const [own, least] = [levelOf(line)?.cpuTotal, floor === undefined ? undefined : levelOf(floor)?.cpuTotal];
  return own === undefined || least === undefined || least === 0 ? null : own / least;
}

export function tablesOf(report: Report): Table[] {
  return [costs(report), speeds(report), memory(report), stories(report), knee(report)];
}

function costs(report: Report): Table {
  const rows = [...report.operations, ...report.floors].map((line) => {
    const level = levelOf(line);
    const ratio = ratioOf(report, line);
    return [
      line.name,
      one(level?.cpuTotal ?? Number.NaN),
      // The floors run in a process of their own, in the place of the API.
      ...PARTS.map((part) => one((level?.cpu[part] ?? 0) + (part === 'api' ? (level?.cpu['floor'] ?? 0) : 0))),
      ratio === null ? '' : `${one(ratio)} ×`,
      `${one(level?.statements ?? Number.NaN)} (${one(level?.transactions ?? Number.NaN)})`,
    ];
  });
  return {
    title: `CPU milliseconds an operation, at concurrency ${TOLD_AT}`,
    head: ['operation', 'all', ...PARTS, 'to its floor', 'SQL (transactions)'],
    rows,
  };
}

function speeds(report: Report): Table {
  const levels = report.operations[0]?.levels.map(({ concurrency }) => concurrency) ?? [];
  return {
    title: 'Milliseconds p50 / p95 / p99, and operations a second, by concurrency',
    head: ['operation', ...levels.flatMap((level) => [`${level} at once`, `a second at ${level}`])],
    rows: [...report.operations, ...report.floors].map((line) => [
      line.name,
      ...levels.flatMap((level) => {
        const measured = line.levels.find(({ concurrency }) => concurrency === level);
        return measured === undefined ? ['–', '–'] : [spread(measured), one(measured.perSecond)];
      }),
    ]),
  };
}

function memory({ memory: peaks }: Report): Table {
  const both = (peaks['api'] ?? 0) + (peaks['worker'] ?? 0);
  return {
    title: 'Memory at the peak',
    head: ['process', 'MB'],
    rows: [
      ...Object.entries(peaks).map(([name, value]) => [name, value.toFixed(0)]),
      ['api and worker', both.toFixed(0)],
    ],
  };
}

function stories({ messages, slowProvider: slow, rush }: Report): Table {
  const answers = Object.entries(rush.statuses).map(([status, count]) => `${count} × ${status}`);
  return {
    title: 'From outside',
    head: ['question', 'answer'],
    rows: [
      ['a checkout is answered after, p50 / p95 / p99', `${spread(messages.answer)} ms`],
      ['with capture, mail and SMS inside the request it would be', `${spread(messages.told)} ms`],
      [`provider at ${slow.latencyMs} ms: our share of the answer`, `${spread(slow.ownShareOfAnswer)} ms`],
      [`provider at ${slow.latencyMs} ms: our share until the customer is told`, `${spread(slow.ownShareOfWhole)} ms`],
      [
        `${rush.buyers} buyers for ${rush.pieces} pieces over ${rush.overSeconds} s`,
        `${rush.orders} orders; ${answers.join(', ')}; ${rush.flows} flows`,
      ],
      ['p95 of their success, of their refusal', `${ms(rush.success95)} ms, ${ms(rush.refusal95)} ms`],
    ],
  };
}

function knee({ knee: { loads, sustained } }: Report): Table {
  return {
    title: `Sustained full checkouts: ${sustained} a second`,
    head: [
      'new a second',
      'completed',
      'p95 of the answer, ms',
      'cores: API',
      'worker',
      'Temporal',
      'PostgreSQL',
      'around',
    ],
    rows: loads.map(({ offered, completed, p95, cores, failed }) => [
      String(offered),
      `${one(completed)}${failed === 0 ? '' : `, ${failed} failed`}`,
      ms(p95),
      ...['api', 'worker', 'temporal', 'postgres'].map((name) => (cores[name] ?? 0).toFixed(2)),
      ['stripe', 'vonage', 'mail', 'load generator'].reduce((sum, name) => sum + (cores[name] ?? 0), 0).toFixed(2),
    ]),
  };
}

/** Markdown as the formatter leaves it. */
export function markdown(report: Report): string {
  const intro = `Commit ${report.commit}, ${report.at.slice(0, 10)}: ${report.machine}. Meanwhile anything else used ${elsewhere(report)} cores.`;
  return [intro, ...tablesOf(report).map((table) => `**${table.title}**\n\n${pipes(table.head, table.rows)}`)].join(
    '\n\n',
  );
}

function elsewhere({ operations }: Report): string {
  const all = operations.flatMap(({ levels }) => levels.map(({ coresElsewhere }) => coresElsewhere));
  return (all.reduce((sum, value) => sum + value, 0) / Math.max(1, all.length)).toFixed(2);
}

/** The README with these tables between its markers. @throws Error where it has none */
export const withTables = (readme: string, report: Report): string => withBlock(readme, 'bench', markdown(report));

/** What grew or shrank by more than a tenth between two runs, in words. */
export function compare(before: Report, after: Report): Table {
  const rows: string[][] = [];
  for (const line of [...after.operations, ...after.floors]) {
    const other = [...before.operations, ...before.floors].find(({ name }) => name === line.name);
    const [then, now] = [other === undefined ? undefined : levelOf(other), levelOf(line)];
    if (then === undefined || now === undefined) continue;
    rows.push([
      line.name,
      `${one(then.cpuTotal)} → ${one(now.cpuTotal)}`,
      change(then.cpuTotal, now.cpuTotal),
      `${one(then.statements)} → ${one(now.statements)}`,
      `${ms(then.p95)} → ${ms(now.p95)}`,
      `${one(then.perSecond)} → ${one(now.perSecond)}`,
    ]);
  }
  return {
    title: `${before.commit} → ${after.commit}`,
    head: ['operation', 'CPU ms', 'change', 'SQL', 'p95 ms', 'a second'],
    rows,
  };
}

function change(then: number, now: number): string {
  const percent = Math.round((now / then - 1) * 100);
  return `${percent > 0 ? '+' : percent < 0 ? '−' : '±'}${Math.abs(percent)} %`;
}
