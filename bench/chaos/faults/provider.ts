import { seconds, type Fault, type FaultPlace } from './types.js';

const SWITCHES_WITHIN_MS = 10_000;
/** More than there will be; what is left of it is taken back. */
const MANY = 100_000;
const SLOWEST_MS = 10_000;
const QUICKEST_MS = 300;
const GATHER_MS = 2_000;

const slowness = (force: number): number => Math.round(QUICKEST_MS + force ** 2 * (SLOWEST_MS - QUICKEST_MS));

export const slow: Fault = {
  what: ({ forMs, force }) => `answers ${seconds(slowness(force))} late for ${seconds(forMs)}`,
  hurt: (place, { force }) => switched(place, { latency_ms: slowness(force), jitter_ms: QUICKEST_MS }),
};

/** Done, and the answer never comes. */
export const timesOut: Fault = {
  what: ({ forMs }) => `does what it is asked and does not answer, for ${seconds(forMs)}`,
  hurt: (place) => switched(place, { timeout_after_commit: MANY }),
};

/** Which one, and for how many requests: the SDK sees all of them. */
const ERRORS: readonly (readonly [string, Readonly<Record<string, number>>])[] = [
  ['500 before anything was done', { fail_500_before: 20 }],
  ['500 after it was done', { fail_500_after_commit: 20 }],
  ['503', { unavailable: MANY }],
  ['429', { rate_limit: MANY }],
  ['the connection cut after it was done', { drop_after_commit: MANY }],
];
const errorOf = (force: number) => ERRORS[Math.floor(force * ERRORS.length)] ?? ['', {}];

export const errors: Fault = {
  what: ({ forMs, force }) => `answers ${errorOf(force)[0]}, for ${seconds(forMs)}`,
  hurt: (place, { force }) => switched(place, errorOf(force)[1]),
};

export const webhooksLost: Fault = {
  what: ({ forMs }) => `its events of ${seconds(forMs)} never arrive`,
  hurt: (place) => switched(place, { webhook: { lose: MANY } }),
};

const copies = (force: number): number => 1 + Math.floor(force * 3);

export const webhooksDoubled: Fault = {
  what: ({ forMs, force }) => `each event ${copies(force) + 1} times, for ${seconds(forMs)}`,
  hurt: (place, { force }) => switched(place, { webhook: { duplicate: copies(force) } }),
};

export const webhooksReordered: Fault = {
  what: ({ forMs, force }) =>
    `its events ${orderOf(force) === 'reverse' ? 'backwards' : 'shuffled'}, for ${seconds(forMs)}`,
  hurt: (place, { force }) => switched(place, { webhook: { order: orderOf(force), window_ms: GATHER_MS } }),
};

const orderOf = (force: number): 'reverse' | 'shuffle' => (force < 0.5 ? 'reverse' : 'shuffle');

async function switched({ shop }: FaultPlace, switches: object) {
  const url = shop.env['STRIPE_API_URL'] ?? '';
  await post(`${url}/test/switches`, switches);
  // Switches alone: what the provider knows and has yet to send stays.
  return () => post(`${url}/test/reset`, {});
}

async function post(url: string, body: object): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(SWITCHES_WITHIN_MS),
  });
  if (!answer.ok) throw new Error(`the provider's simulator refused ${JSON.stringify(body)} with ${answer.status}`);
}
