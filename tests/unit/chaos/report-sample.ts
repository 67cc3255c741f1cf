import { BREACHES } from '../../../bench/chaos/breaches.js';
import { reportOf, type ChaosReport, type Ran } from '../../../bench/chaos/report.js';
import { judgeVitals } from '../../../bench/chaos/flatness.js';
import { createMeter } from '../../../bench/chaos/meter.js';
import type { Tally } from '../../../bench/chaos/tally.js';

export const emptyTally = (change: Partial<Tally['breaches']> = {}): Tally => ({
  counts: {
    ...{ visits: 70, gaveUp: 1, accepted: 60, placed: 40, declined: 8, expired: 6, cancelled: 3, refused: 3 },
    ...{ ordersCancelled: 2, refunded: 4, parked: 5, repeatedMails: 1, repeatedTexts: 0 },
  },
  breaches: { ...(Object.fromEntries(BREACHES.map((kind) => [kind, []])) as unknown as Tally['breaches']), ...change },
  audit: [{ promise: 'stock', check: 'reserved is between', looked: 10, breached: 0, breaches: [] }],
});

/** A minute of a run: ten good calls a second, and a bad one in seconds 12 and 13. */
export function chaosReport(change: Partial<Ran> = {}): ChaosReport {
  const meter = createMeter();
  for (let at = 0; at < 600; at += 1)
    meter.record({ call: 'GET /cart', atMs: at * 100, ms: 20, end: 'ok', status: 200 });
  for (const atMs of [12_100, 13_100])
    meter.record({ call: 'POST /checkout', atMs, ms: 20, end: 'unavailable', status: 503 });
  return reportOf({
    ...{ commit: 'abc123', at: '2026-11-29T00:00:00.000Z', machine: '2 cores' },
    options: { minutes: 1, seed: 7, shoppers: 20, faults: 'all' },
    settleMs: 2_345,
    spans: [{ kind: 'kill-api', target: 'api-1', what: 'killed', fromMs: 12_000, untilMs: 15_000 }],
    seconds: meter.seconds(),
    invariants: [{ atMs: 0, oversold: 0, charged: 0, leaked: 0 }],
    calls: meter.calls(),
    samples: meter.samples(),
    vitals: judgeVitals([], false),
    ...{ tally: emptyTally(), problems: [], skipped: [] },
    visits: [
      {
        habit: 'buys',
        shopper: 0,
        email: 'a@example.com',
        phone: '+1',
        wanted: 1,
        told: [{ what: 'placed', orderId: 'o1' }],
      },
      { habit: 'buys', shopper: 1, email: 'b@example.com', phone: '+2', wanted: 1, told: [], gaveUp: 'POST /checkout' },
    ],
    ...change,
  });
}
