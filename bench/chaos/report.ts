import { tableLines } from '../../dev/launcher/console.js';
import { auditLines } from '../../src/bin/audit-instance.js';
import { pipes, withBlock } from '../readme.js';
import { BREACHES } from './breaches.js';
import type { CallRecord, FaultSpan, VisitRecord } from './contracts.js';
import { byKind, errorWindows, type KindSummary } from './error-windows.js';
import { vitalCells, type VitalsReport } from './flatness.js';
import type { Sample } from './invariants.js';
import { badOf, ENDS, type CallTotals, type Second } from './meter.js';
import { breachCount, type Tally } from './tally.js';

export interface ChaosOptions {
  readonly minutes: number;
  readonly seed: number;
  readonly shoppers: number;
  readonly faults: string;
}

/** Everything that is kept of a run. */
export interface ChaosReport {
  readonly commit: string;
  /** ISO 8601. */
  readonly at: string;
  readonly machine: string;
  readonly options: ChaosOptions;
  /** From the last shopper's going until nothing moved any more. */
  readonly settleMs: number;
  readonly spans: readonly FaultSpan[];
  readonly seconds: readonly Second[];
  readonly invariants: readonly Sample[];
  readonly vitals: VitalsReport;
  readonly kinds: readonly KindSummary[];
  readonly habits: Readonly<
    Record<string, { readonly visits: number; readonly placed: number; readonly gaveUp: number }>
  >;
  /** Where patience ended, and how often. */
  readonly gaveUpAt: Readonly<Record<string, number>>;
  readonly calls: CallTotals;
  /** Calls that went wrong: the first ones, as they were. */
  readonly samples: readonly CallRecord[];
  readonly tally: Tally;
  /** What did not come back or come to rest, and what of the vitals grew. */
  readonly problems: readonly string[];
  readonly skipped: readonly { readonly kind: string; readonly reason: string }[];
}

export interface Ran extends Omit<ChaosReport, 'kinds' | 'habits' | 'gaveUpAt'> {
  readonly visits: readonly VisitRecord[];
}

export const reportOf = ({ visits, ...ran }: Ran): ChaosReport => ({
  ...ran,
  problems: [...ran.problems, ...ran.vitals.grew],
  kinds: byKind(errorWindows(ran.seconds, ran.spans)),
  habits: habitsOf(visits),
  gaveUpAt: Object.fromEntries(
    [...Map.groupBy(visits, ({ gaveUp }) => gaveUp ?? '')]
      .filter(([at]) => at !== '')
      .map(([at, all]) => [at, all.length]),
  ),
});

/** Nothing was broken: neither a promise nor a shopper's expectation. */
export const isClean = ({ tally, problems }: ChaosReport): boolean => breachCount(tally) === 0 && problems.length === 0;

function habitsOf(visits: readonly VisitRecord[]): ChaosReport['habits'] {
  const rows = [...Map.groupBy(visits, ({ habit }) => habit)].map(([habit, all]) => {
    const placed = all.filter(({ told }) => told.some(({ what }) => what === 'placed')).length;
    const gaveUp = all.filter((visit) => visit.gaveUp !== undefined).length;
    return [habit, { visits: all.length, placed, gaveUp }] as const;
  });
  return Object.fromEntries(rows.toSorted(([, a], [, b]) => b.visits - a.visits));
}

type Row = Readonly<Record<string, string>>;

const seconds = (ms: number): string => `${(ms / 1_000).toFixed(1)} s`;

/** For a terminal. */
export function reportLines(report: ChaosReport): string[] {
  const { tally, settleMs, habits } = report;
  const audited = tally.audit.filter(({ breached }) => breached > 0);
  return [
    '',
    headline(report),
    '',
    ...tableLines([happened(report)]),
    '',
    ...tableLines([mustBeZero(report)]),
    '',
    `settled ${seconds(settleMs)} after the last shopper had gone; told again under the same id: ${repeated(report)}`,
    '',
    ...(report.kinds.length === 0 ? [] : [...tableLines(report.kinds.map(kindRow)), '']),
    ...tableLines(
      Object.entries(habits).map(([habit, { visits, placed, gaveUp }]) => ({
        ...{ habit, visits: String(visits), placed: String(placed), 'gave up': String(gaveUp) },
      })),
    ),
    '',
    ...vitalLines(report),
    ...Object.entries(report.gaveUpAt).map(([at, times]) => `gave up at ${at}: ${times}`),
    ...report.skipped.map(({ kind, reason }) => `skipped ${kind}: ${reason}`),
    ...report.problems.map((problem) => `PROBLEM: ${problem}`),
    ...breachLines(report),
    ...(audited.length === 0 ? [`The audit's ${tally.audit.length} checks hold.`] : auditLines(audited)),
    isClean(report)
      ? 'Nothing was lost, doubled, oversold or leaked.'
      : `${breachCount(tally)} BREACHES, ${report.problems.length} PROBLEMS`,
  ];
}

const vitalLines = ({ vitals: { rows, judged, grew } }: ChaosReport): string[] => [
  ...tableLines(rows.map(vitalCells)),
  ...(judged && grew.length === 0 ? ['Memory, descriptors, connections, keys, rows and histories are flat.'] : []),
  '',
];

const headline = ({ options, spans, kinds, commit }: ChaosReport): string =>
  `${options.minutes} minutes, ${options.shoppers} shoppers, ${spans.length} faults of ${kinds.length} kinds, seed ${options.seed}, commit ${commit}`;

function happened({ tally: { counts } }: ChaosReport): Row {
  return {
    visits: String(counts.visits),
    'accepted checkouts': String(counts.accepted),
    placed: String(counts.placed),
    declined: String(counts.declined),
    expired: String(counts.expired),
    cancelled: String(counts.cancelled),
    'sold out': String(counts.refused),
    'orders cancelled': String(counts.ordersCancelled),
    refunds: String(counts.refunded),
    parked: String(counts.parked),
    'gave up': String(counts.gaveUp),
  };
}

const mustBeZero = ({ tally: { breaches } }: ChaosReport): Row =>
  Object.fromEntries(BREACHES.map((kind) => [kind, String(breaches[kind].length)]));

const repeated = ({ tally: { counts } }: ChaosReport): string =>
  `${counts.repeatedMails} mails, ${counts.repeatedTexts} SMS`;

const kindRow = ({ kind, faults, median, longest, errors, calls, which, beside }: KindSummary): Row => ({
  fault: kind,
  times: String(faults),
  'callers saw errors for': longest === 0 ? 'none' : `${median} s, at worst ${longest} s`,
  'of the calls': calls === 0 ? '-' : `${((100 * errors) / calls).toFixed(1)} %`,
  'most often': which.join(', '),
  'while also': beside.join(', '),
});

const SHOWN = 10;

function breachLines({ tally: { breaches } }: ChaosReport): string[] {
  return BREACHES.filter((kind) => kind !== 'audit' && breaches[kind].length > 0).flatMap((kind) => [
    `BREACH: ${kind}`,
    ...breaches[kind].slice(0, SHOWN).map(
      ({ what, ids }) =>
        `  ${what}: ${Object.entries(ids)
          .map((pair) => pair.join(' '))
          .join(', ')}`,
    ),
    ...(breaches[kind].length > SHOWN ? [`  and ${breaches[kind].length - SHOWN} more`] : []),
    '',
  ]);
}

/** Markdown as the formatter leaves it. */
export function markdown(report: ChaosReport): string {
  const { tally, settleMs, at, machine } = report;
  const answers = report.seconds.reduce((sum, { ends }) => sum + ENDS.reduce((all, end) => all + ends[end], 0), 0);
  const bad = report.seconds.reduce((sum, second) => sum + badOf(second), 0);
  return [
    '![What callers were answered, what was broken meanwhile, and the promises that held](bench/results/chaos.svg)',
    `${headline(report)}, ${at.slice(0, 10)}: ${machine}. ${answers} calls, ${((100 * bad) / Math.max(1, answers)).toFixed(1)} % of them ` +
      `without an answer that helps at once.`,
    pipes(['what happened', 'times'], Object.entries(happened(report))),
    pipes(
      ['must be zero', 'times'],
      [...Object.entries(mustBeZero(report)).map(([kind, count]) => [kind, count] as const)],
    ),
    `Settled ${seconds(settleMs)} after the last shopper had gone. The audit's ${tally.audit.length} checks ` +
      `${tally.audit.every(({ breached }) => breached === 0) ? 'hold' : 'do not all hold'}. Told again under the same id: ${repeated(report)}.`,
    pipes(
      ['fault', 'times', 'callers saw errors for', 'of the calls', 'most often', 'while also'],
      report.kinds.map((kind) => Object.values(kindRow(kind))),
    ),
  ].join('\n\n');
}

/** The README with these figures between its markers. @throws Error where it has none */
export const withFigures = (readme: string, report: ChaosReport): string =>
  withBlock(readme, 'chaos', markdown(report));
