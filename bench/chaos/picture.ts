import { BREACHES } from './breaches.js';
import type { FaultKind, FaultSpan } from './contracts.js';
import { lanesOf } from './lanes.js';
import type { Second } from './meter.js';
import { STYLE } from './picture-style.js';
import type { ChaosReport } from './report.js';

const [WIDTH, LEFT, RIGHT] = [1200, 132, 28];
const PLOT = WIDTH - LEFT - RIGHT;
const [TOP, CHART, GAP, ROW, BAR] = [104, 220, 30, 22, 16];
/** No more columns than can be told apart. */
const COLUMNS = 360;

const LAYERS = [
  { name: 'as wanted', class: 'ok', ends: ['ok'] },
  { name: 'refused by a rule', class: 'refused', ends: ['refused'] },
  { name: 'come back later (503)', class: 'unavailable', ends: ['unavailable'] },
  { name: 'error, cut off or too late', class: 'error', ends: ['error', 'cut', 'late'] },
] as const;

const LANES: Readonly<Record<string, readonly FaultKind[]>> = {
  everything: ['kill-tree'],
  API: ['kill-api', 'freeze-api'],
  workers: ['kill-worker', 'freeze-worker', 'roll-worker', 'roll-back-worker', 'clock-off'],
  PostgreSQL: ['kill-postgres', 'freeze-postgres', 'disk-full', 'pool-exhausted'],
  Temporal: ['kill-temporal', 'freeze-temporal'],
  Redis: ['kill-redis'],
  Elasticsearch: ['kill-elasticsearch'],
  payments: [
    ...(['kill-stripe', 'provider-slow', 'provider-times-out', 'provider-errors'] as const),
    ...(['webhooks-lost', 'webhooks-doubled', 'webhooks-reordered'] as const),
  ],
  mail: ['kill-mail'],
  SMS: ['kill-vonage'],
};

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
const px = (value: number): string => value.toFixed(1).replace(/\.0$/, '');

/** What callers got second by second, what was broken meanwhile, and that the promises held: an SVG. */
export function picture(report: ChaosReport): string {
  const totalMs = Math.max(1_000, report.seconds.length * 1_000, ...report.spans.map(({ untilMs = 0 }) => untilMs));
  const x = (ms: number): number => LEFT + (Math.min(ms, totalMs) / totalMs) * PLOT;
  const lanesTop = TOP + CHART + GAP;
  let below = lanesTop;
  const lanes = Object.entries(LANES).flatMap(([name, kinds]) => {
    const spans = report.spans.filter(({ kind }) => kinds.includes(kind));
    if (spans.length === 0) return [];
    const top = below;
    const placed = lanesOf(spans);
    below += placed.rows * ROW + 4;
    return [{ name, top, spans, ...placed }];
  });
  const zeroTop = below + 10;
  const height = zeroTop + 70;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    `<title>${escaped(title(report))}</title>`,
    `<style>${STYLE}</style>`,
    `<rect class="ground" x=".5" y=".5" width="${WIDTH - 1}" height="${height - 1}" rx="10"/>`,
    `<text class="title text" x="${LEFT}" y="36">${escaped(title(report))}</text>`,
    `<text class="soft" x="${LEFT}" y="57">${escaped(subtitle(report))}</text>`,
    ...legend(),
    ...report.spans.map(
      ({ fromMs, untilMs = totalMs }) =>
        `<rect class="veil" x="${px(x(fromMs))}" y="${TOP}" width="${px(Math.max(1, x(untilMs) - x(fromMs)))}" height="${CHART}"/>`,
    ),
    ...chart(report.seconds, totalMs),
    ...minutes(totalMs, x, zeroTop + 30),
    ...lanes.flatMap((lane) => drawLane(lane, x, totalMs)),
    ...zeroLine(report, zeroTop, x),
    '</svg>',
    '',
  ].join('\n');
}

const title = ({ options, spans, kinds }: ChaosReport): string =>
  `${options.minutes} minutes, ${options.shoppers} shoppers, ${spans.length} faults of ${kinds.length} kinds`;

function subtitle({ tally: { counts, breaches }, options, commit }: ChaosReport): string {
  const zero = BREACHES.filter((kind) => kind !== 'surprises' && kind !== 'audit' && kind !== 'word not kept');
  const all = zero.map((kind) => `${kind} ${breaches[kind].length}`).slice(0, 5);
  return `${counts.accepted} checkouts accepted, ${counts.placed} placed · ${all.join(' · ')} · seed ${options.seed}, ${commit}`;
}

const FAMILIES = [
  { name: 'killed', class: 'kill' },
  { name: 'frozen', class: 'freeze' },
  { name: 'hurt otherwise', class: 'other' },
] as const;

function legend(): string[] {
  const width = (name: string): number => 34 + name.length * 6.6;
  const right = FAMILIES.reduce((sum, { name }) => sum + width(name), 0);
  const row = (entries: readonly { readonly name: string; readonly class: string }[], left: number): string[] => {
    let at = left;
    return entries.flatMap(({ name, class: kind }) => {
      const from = at;
      at += width(name);
      return [
        `<rect class="${kind}" x="${px(from)}" y="74" width="12" height="12" rx="2"/>`,
        `<text class="soft" x="${px(from + 18)}" y="84">${name}</text>`,
      ];
    });
  };
  return [...row(LAYERS, LEFT), ...row(FAMILIES, WIDTH - RIGHT - right)];
}

/** Answers a second, stacked; the bad ones on top, where they are seen. */
function chart(seconds: readonly Second[], totalMs: number): string[] {
  const width = Math.max(1, Math.ceil(totalMs / 1_000 / COLUMNS));
  const columns = Array.from({ length: Math.ceil(totalMs / 1_000 / width) }, (_, index) => {
    const some = seconds.slice(index * width, (index + 1) * width);
    return LAYERS.map(
      ({ ends }) => ends.reduce((sum, end) => sum + some.reduce((all, second) => all + second.ends[end], 0), 0) / width,
    );
  });
  const most = niceAbove(Math.max(1, ...columns.map((column) => column.reduce((sum, value) => sum + value, 0))));
  const step = PLOT / columns.length;
  const y = (value: number): number => TOP + CHART - (value / most) * CHART;
  const areas = LAYERS.map(({ class: kind }, layer) => {
    const below = (column: readonly number[], upTo: number): number =>
      column.slice(0, upTo).reduce((sum, value) => sum + value, 0);
    const rects = columns.flatMap((column, index) => {
      const value = column[layer] ?? 0;
      if (value === 0) return [];
      const top = y(below(column, layer + 1));
      return [
        `M${px(LEFT + index * step)} ${px(top)}h${px(step + 0.2)}V${px(y(below(column, layer)))}h-${px(step + 0.2)}z`,
      ];
    });
    return `<path class="${kind}" d="${rects.join('')}"/>`;
  });
  const ticks = [0, most / 2, most].flatMap((value) => [
    `<line class="line" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${px(y(value))}" y2="${px(y(value))}"/>`,
    `<text class="soft" x="${LEFT - 10}" y="${px(y(value) + 4)}" text-anchor="end">${value}</text>`,
  ]);
  return [...ticks, ...areas, `<text class="soft" x="${LEFT - 10}" y="${TOP - 14}" text-anchor="end">answers/s</text>`];
}

function niceAbove(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 3, 4, 5, 6, 8, 10].find((times) => times * unit >= value) ?? 10) * unit;
}

function minutes(totalMs: number, x: (ms: number) => number, bottom: number): string[] {
  const all = totalMs / 60_000;
  const every = [0.5, 1, 2, 5, 10].find((step) => all / step <= 12) ?? 20;
  return Array.from({ length: Math.floor(all / every) + 1 }, (_, index) => index * every).flatMap((minute) => {
    const at = px(x(minute * 60_000));
    return [
      `<line class="line" x1="${at}" x2="${at}" y1="${TOP + CHART}" y2="${bottom}"/>`,
      `<text class="soft" x="${at}" y="${bottom + 18}" text-anchor="middle">${minute === 0 ? '0' : `${minute} min`}</text>`,
    ];
  });
}

interface Lane {
  readonly name: string;
  readonly top: number;
  readonly spans: readonly FaultSpan[];
  readonly rows: number;
  readonly row: readonly number[];
}

/** Each fault where and as long as it was; named where its colour does not say what it was and there is room. */
function drawLane({ name, top, spans, rows, row }: Lane, x: (ms: number) => number, totalMs: number): string[] {
  const bars = spans.map((span, index) => {
    const [from, until] = [x(span.fromMs), x(span.untilMs ?? totalMs)];
    const width = Math.max(3, until - from);
    const y = top + (row[index] ?? 0) * ROW;
    const family = familyOf(span.kind);
    const next = Math.min(
      WIDTH - RIGHT,
      ...spans
        .filter((_, other) => row[other] === row[index])
        .map(({ fromMs }) => x(fromMs))
        .filter((at) => at > from),
    );
    const label = family === 'other' ? shortName(span.kind) : '';
    const fits = label !== '' && next - from - width > label.length * 6.5 + 8;
    return (
      `<g><title>${escaped(`${span.kind} ${span.target}: ${span.what}`)}</title>` +
      `<rect class="${family}" x="${px(from)}" y="${px(y)}" width="${px(width)}" height="${BAR}" rx="3"/>` +
      `${fits ? `<text class="soft" x="${px(from + width + 4)}" y="${px(y + 12)}">${escaped(label)}</text>` : ''}</g>`
    );
  });
  const middle = top + (rows * ROW) / 2 + 1;
  return [`<text class="soft" x="${LEFT - 10}" y="${px(middle)}" text-anchor="end">${name}</text>`, ...bars];
}

const familyOf = (kind: FaultKind): string =>
  kind.startsWith('kill') ? 'kill' : kind.startsWith('freeze') ? 'freeze' : 'other';

const shortName = (kind: FaultKind): string =>
  kind
    .replace(/^provider-/, '')
    .replace(/-worker$/, '')
    .replaceAll('-', ' ');

/** How many breaches were seen while it ran: a straight line at nothing, if all is well. */
function zeroLine({ invariants }: ChaosReport, top: number, x: (ms: number) => number): string[] {
  const known = invariants.flatMap(({ atMs, oversold, charged, leaked }) =>
    oversold === null || charged === null || leaked === null ? [] : [{ atMs, count: oversold + charged + leaked }],
  );
  const most = Math.max(1, ...known.map(({ count }) => count));
  const y = top + 18;
  const points = known.map(({ atMs, count }) => `${px(x(atMs))},${px(y - (count / most) * 16)}`).join(' ');
  const worst = Math.max(0, ...known.map(({ count }) => count));
  return [
    `<text class="soft" x="${LEFT - 10}" y="${y + 4}" text-anchor="end">breaches: ${worst}</text>`,
    ...(known.length === 0
      ? []
      : [`<polyline class="zero" points="${points}"><title>looked ${known.length} times</title></polyline>`]),
  ];
}
