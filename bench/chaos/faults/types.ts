import type { PlannedFault } from '../schedule.js';
import type { Shop } from '../shop.js';
import type { SmallDisk } from './disk.js';

/** Ends what was done; what was hurt may take a while longer until it answers again. */
export type Heal = () => Promise<void> | void;

/** A kind of fault. */
export interface Fault {
  /** For people, e.g. "frozen for 12 s". */
  what(planned: PlannedFault): string;
  /** Why it cannot be done here, where it cannot. */
  impossible?(place: FaultPlace, planned: PlannedFault): string | undefined;
  hurt(place: FaultPlace, planned: PlannedFault): Promise<Heal> | Heal;
}

export interface FaultPlace {
  readonly shop: Shop;
  /** Where PostgreSQL's data lie, or why they lie on the big disk. */
  readonly disk: SmallDisk | string;
  /** libfaketime, or why it cannot be had. */
  readonly clock: { readonly library: string } | string;
}

export const seconds = (ms: number): string => `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
