import fc from 'fast-check';
import type { FaultSpan } from '../../../bench/chaos/contracts.js';
import { lanesOf } from '../../../bench/chaos/lanes.js';
import { createMeter } from '../../../bench/chaos/meter.js';
import { picture } from '../../../bench/chaos/picture.js';
import { chaosReport } from './report-sample.js';

const span = (fromMs: number, untilMs: number, change: Partial<FaultSpan> = {}): FaultSpan => ({
  ...{ kind: 'kill-api', target: 'api-1', what: 'killed', fromMs, untilMs },
  ...change,
});

/** Every element that is opened is closed, in order; enough of a parser for what we write ourselves. */
function isWellFormed(svg: string): boolean {
  const open: string[] = [];
  for (const [, close, name = '', rest = ''] of svg.matchAll(/<(\/?)([a-z]+)((?:[^<>"]|"[^"<]*")*)>/g)) {
    if (close === '/') {
      if (open.pop() !== name) return false;
    } else if (!rest.endsWith('/')) open.push(name);
  }
  const text = svg.replaceAll(/<style>[^]*?<\/style>/g, '').replaceAll(/<(?:[^<>"]|"[^"<]*")*>/g, '');
  return open.length === 0 && !/[<>]|&(?!(?:amp|lt|gt|quot);)/.test(text);
}

test('the picture, of a run, is well-formed and has its faults, its layers and the line of the promises', () => {
  const svg = picture(
    chaosReport({ spans: [span(10_000, 20_000), span(15_000, 30_000, { kind: 'clock-off', target: 'worker-2' })] }),
  );
  expect(isWellFormed(svg)).toBe(true);
  for (const part of [
    '>API</text>',
    '>workers</text>',
    '>clock off</text>',
    'class="kill"',
    'class="zero"',
    'breaches: 0',
  ])
    expect(svg).toContain(part);
});

test('the picture, of what people wrote into a fault, escapes it', () => {
  const svg = picture(chaosReport({ spans: [span(0, 5_000, { what: `<b>"a" & 'b'</b>` })] }));
  expect(isWellFormed(svg)).toBe(true);
  expect(svg).toContain('&lt;b&gt;&quot;a&quot; &amp;');
});

test('the picture, of a run without calls, faults and looks, is well-formed', () => {
  const svg = picture(chaosReport({ spans: [], seconds: [], invariants: [] }));
  expect(isWellFormed(svg)).toBe(true);
  expect(svg).not.toMatch(/NaN|Infinity|undefined/);
});

test('the picture, of a long run, has no more columns than can be told apart', () => {
  const meter = createMeter();
  for (let second = 0; second < 3_600; second += 1)
    meter.record({ call: 'GET /x', atMs: second * 1_000, ms: 5, end: 'ok', status: 200 });
  const [, path = ''] = /class="ok" d="([^"]*)"/.exec(picture(chaosReport({ seconds: meter.seconds() }))) ?? [];
  expect(path.split('M').length - 1).toBeLessThanOrEqual(360);
});

test('the picture, of a breach that was seen meanwhile, says how many and leaves the line', () => {
  const invariants = [0, 2, 0].map((leaked, at) => ({ atMs: at * 5_000, oversold: 0, charged: 0, leaked }));
  const svg = picture(chaosReport({ invariants }));
  expect(svg).toContain('breaches: 2');
  const [, points = ''] = /points="([^"]*)"/.exec(svg) ?? [];
  expect(new Set(points.split(' ').map((point) => point.split(',')[1])).size).toBe(2);
});

test('the rows of a lane, of any spans, let none lie on another, and are no more than lie on each other at once', () => {
  const spans = fc.array(
    fc.tuple(fc.nat(1_000), fc.integer({ min: 1, max: 300 })).map(([from, length]) => span(from, from + length)),
    { maxLength: 30 },
  );
  fc.assert(
    fc.property(spans, (all) => {
      const { rows, row } = lanesOf(all);
      const meet = (a: FaultSpan, b: FaultSpan): boolean => a.fromMs < (b.untilMs ?? 0) && b.fromMs < (a.untilMs ?? 0);
      const onEachOther = all.flatMap((one, a) =>
        all.filter((two, b) => a < b && row[a] === row[b] && meet(one, two)).map((two) => [one, two]),
      );
      expect(onEachOther).toEqual([]);
      const atOnce = all.map(
        ({ fromMs }) => all.filter((other) => other.fromMs <= fromMs && (other.untilMs ?? 0) > fromMs).length,
      );
      expect(rows).toBe(Math.max(1, ...atOnce));
    }),
  );
});
