import type { FaultSpan } from '../../../bench/chaos/contracts.js';
import { leakedInPeace, neverCame, NO_TIME, type LeakLook } from '../../../bench/chaos/judge.js';

const late = (kind: string) => ({ kind, reason: NO_TIME });

const KINDS = ['disk-full', 'kill-api'];

test('a run of fifteen minutes, whose only fault of a kind found no time, says that it never came, once', () => {
  const skipped = [late('disk-full'), late('disk-full'), late('kill-api')];
  expect(neverCame(15, KINDS, { skipped, spans: [{ kind: 'kill-api' }] })).toEqual([
    `disk-full never came: ${NO_TIME}`,
  ]);
});

test('a run of fifteen minutes, whose plan has not a kind that was wanted, says that it never came', () => {
  expect(neverCame(15, KINDS, { skipped: [], spans: [{ kind: 'kill-api' }] })).toHaveLength(1);
});

test('a run of fifteen minutes, of a kind that is impossible here and at last found no time, has no problem', () => {
  const skipped = [{ kind: 'disk-full', reason: 'it takes root' }, late('disk-full')];
  expect(neverCame(15, KINDS, { skipped, spans: [{ kind: 'kill-api' }] })).toEqual([]);
});

test('a run of three minutes, whose last fault found no time, has no problem', () => {
  expect(neverCame(3, KINDS, { skipped: [late('disk-full')], spans: [] })).toEqual([]);
});

const STEP_MS = 5_000;
const IDS = { reservation: 'r1', checkout: 'k1' };

/** Looks every five seconds; `leaked` says of a moment, in seconds, whether there was a leak, or null: no answer. */
const looks = (seconds: number, leaked: (at: number) => boolean | null): LeakLook[] =>
  Array.from({ length: seconds / 5 + 1 }, (_, index) => {
    const is = leaked(index * 5);
    return { atMs: index * STEP_MS, leaked: is === null ? null : is ? [IDS] : [] };
  });
const fault = (target: string, from: number, until: number): FaultSpan => ({
  ...{ kind: 'freeze-temporal', target, what: '', fromMs: from * 1_000, untilMs: until * 1_000 },
});

test('a leak, in peace for longer than a sweep takes, is named with its ids though it was mended', () => {
  expect(
    leakedInPeace(
      looks(300, (at) => at < 200),
      [],
    ),
  ).toEqual(['leaked for 195 s in which it could be mended: reservation r1, checkout k1']);
});

test('a leak, mended within two minutes, is no problem', () => {
  expect(
    leakedInPeace(
      looks(300, (at) => at <= 120),
      [],
    ),
  ).toEqual([]);
});

test('a leak, gone for a moment, is counted anew', () => {
  expect(
    leakedInPeace(
      looks(200, (at) => at !== 100),
      [],
    ),
  ).toEqual([]);
});

test.each(['postgres', 'temporal', 'worker-1', 'workers', 'everything'])(
  'a leak, while %s was hurt and for a moment after, is not held against the sweep',
  (target) => {
    expect(
      leakedInPeace(
        looks(180, () => true),
        [fault(target, 60, 110)],
      ),
    ).toEqual([]);
  },
);

test('a leak, while nothing was hurt that sweeps, is counted', () => {
  expect(
    leakedInPeace(
      looks(180, () => true),
      [fault('mail', 60, 110)],
    ),
  ).toHaveLength(1);
});

test('a leak, on both sides of looks without an answer, is one of which these are not counted', () => {
  const silent = (at: number) => (at >= 50 && at < 100 ? null : true);
  expect(leakedInPeace(looks(150, silent), [])).toEqual([]);
  expect(leakedInPeace(looks(200, silent), [])).toHaveLength(1);
});

test('leaks, of more than can be shown, are counted', () => {
  const leaked = Array.from({ length: 7 }, (_, index) => ({ variant: `v${index}` }));
  const told = leakedInPeace(
    [0, 60_000, 130_000].map((atMs) => ({ atMs, leaked })),
    [],
  );
  expect(told).toHaveLength(6);
  expect(told.at(-1)).toBe('and 2 more leaked as long');
});
