import {
  endHold,
  endOverdueHolds,
  findOverdueHolds,
  markWarned,
  readHold,
  releaseOwnerless,
} from '../domain/holds/index.js';
import type { Hold, Lot } from '../domain/holds/index.js';
import type { Query, Transact } from '../domain/kernel/transact.js';

export interface HoldActivityDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly warningMs: number;
}

interface ById {
  readonly holdId: string;
}

export interface HoldClock {
  readonly state: Hold['state'];
  readonly remainingMs: number;
  /** How long before the end the customer is warned. */
  readonly warningMs: number;
}

export function createHoldActivities({ transact, query, warningMs }: HoldActivityDeps) {
  return {
    /** Local. How long the hold still lives, by database time. */
    readHold: async ({ holdId }: ById): Promise<HoldClock> => {
      const hold = await query((em) => readHold(em, holdId));
      return { state: hold.state, remainingMs: hold.remainingMs, warningMs };
    },

    /** Local. Remembers the warning; false once the hold is over. */
    markHoldWarned: ({ holdId }: ById): Promise<boolean> => query((em) => markWarned(em, holdId)),

    /** Local. Releases a hold whose time is up; false when it had ended or was extended. */
    expireHold: ({ holdId }: ById): Promise<boolean> => transact((em) => endHold(em, holdId, 'expired')),

    /** Local. Ends a lot of the holds that are past their time; 0 when none is left. */
    endOverdueHolds: (lot: Lot): Promise<number> => transact((em) => endOverdueHolds(em, lot)),

    /** Local. Gives back a lot of what nobody owns any more; 0 when nothing is left. */
    releaseOwnerless: (lot: Lot): Promise<number> => transact((em) => releaseOwnerless(em, lot)),

    /** Holds past their time, for sweeps that began before they worked in lots. */
    findOverdueHolds: ({ graceMs, limit }: { readonly graceMs: number; readonly limit: number }): Promise<string[]> =>
      query((em) => findOverdueHolds(em, graceMs, limit)),
  };
}

export type HoldActivities = ReturnType<typeof createHoldActivities>;
