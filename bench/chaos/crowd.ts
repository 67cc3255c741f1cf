import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Person } from '../../dev/demo/client.js';
import type { Crowd, CrowdOptions, Stage, Surprise, Told, VisitRecord } from './contracts.js';
import { createRandom, seedOf, type Random } from './random.js';
import { openBrowser } from './shoppers/browser.js';
import { HABITS, type Habit } from './shoppers/habits.js';
import { connectOutside } from './shoppers/outside.js';
import { openShelf } from './shoppers/shelf.js';
import { openStaff } from './shoppers/staff.js';
import { GaveUp, PACE, Surprised, type Visit } from './shoppers/visit.js';

const SURPRISES_KEPT = 200;

/** What a shopper does on a visit: the same for the same seed, however the visits before went. */
export function planOf(
  seed: number,
  shopper: number,
  visit: number,
): { readonly habit: Habit; readonly random: Random } {
  const random = createRandom(seedOf(seed, shopper, visit));
  return { habit: random.pickWeighted(HABITS), random };
}

/** Lets shoppers in, each of whom comes again and again as somebody new. @throws when the shop is not open */
export async function startCrowd(stage: Stage, options: CrowdOptions): Promise<Crowd> {
  const { seed, shoppers, record, startedAt } = options;
  const now = (): number => performance.now() - startedAt;
  const deps = { origin: stage.origin, record, now };
  const shelf = await openShelf(stage.env['DATABASE_URL'] ?? '');
  const staff = await openStaff(stage, deps);
  const outside = connectOutside(stage.env);
  const mark = Date.now().toString(36);

  const closing = new AbortController();
  // Every shopper who waits listens.
  setMaxListeners(0, closing.signal);
  const visits: VisitRecord[] = [];
  const first: Surprise[] = [];
  let count = 0;

  async function visit(shopper: number, number: number): Promise<void> {
    const { habit, random } = planOf(seed, shopper, number);
    const me = personOf(mark, shopper, number);
    const told: Told[] = [];
    const kept = { habit: habit.name, shopper, email: me.email, phone: me.phone, wanted: 0, told };
    const note: Visit['note'] = (call, what, requestId) => {
      count += 1;
      const about = { atMs: now(), habit: habit.name, call, what };
      if (first.length < SURPRISES_KEPT) first.push({ ...about, ...(requestId === undefined ? {} : { requestId }) });
    };
    const here: Visit = {
      ...{ random, me, shelf, staff, outside, browser: openBrowser(deps) },
      leaving: () => closing.signal.aborted,
      anotherBrowser: () => openBrowser(deps),
      wants: (orders) => (kept.wanted = orders),
      tell: (what) => void told.push(what),
      note,
      surprise(call, what, requestId) {
        note(call, what, requestId);
        throw new Surprised(what);
      },
    };
    // Kept from the start: whatever is told must be kept to, even if the visit never ends.
    visits.push(kept);
    try {
      await habit.visit(here);
    } catch (error) {
      if (error instanceof GaveUp) Object.assign(kept, { gaveUp: error.message });
      else if (!(error instanceof Surprised)) throw error;
    }
  }

  async function shop(shopper: number): Promise<void> {
    const pace = createRandom(seedOf(seed, shopper));
    await pause(pace.between(0, PACE.arriveWithin));
    for (let number = 0; !closing.signal.aborted; number += 1) {
      await visit(shopper, number);
      await pause(pace.between(...PACE.between));
    }
  }

  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: closing.signal }).catch(() => undefined);

  const all = Promise.all(Array.from({ length: shoppers }, (_, shopper) => shop(shopper)));
  // A mistake of ours ends the run where it is awaited; until then it must not count as unhandled.
  all.catch(() => undefined);
  return {
    async stop() {
      closing.abort();
      await all;
    },
    visits: () => visits,
    surprises: () => ({ count, first }),
  };
}

function personOf(mark: string, shopper: number, visit: number): Person {
  const name = `s${shopper}v${visit}`;
  const digits = String((shopper * 7_919 + visit * 104_729 + 13) % 10 ** 7).padStart(7, '0');
  return {
    name,
    email: `${name}.${mark}@example.com`,
    phone: `+1555${digits}`,
    password: `${mark} opens the shop ${name}`,
  };
}
