export const AREAS = ['stock', 'money', 'events', 'search'] as const;
/** Whose books are laid beside each other: two of PostgreSQL's tables, or PostgreSQL and somebody else. */
export type Area = (typeof AREAS)[number];

/**
 * How a difference is mended. The first ones are safe and done at once; `book_movement`, `give_back` and `give_back_lost` wait
 * for a person's approval; `by_hand` is for a person alone, and closes when the books agree again.
 */
export type Action =
  | 'count_again'
  | 'book_capture'
  | 'book_refunds'
  | 'book_both'
  | 'handle_event'
  | 'index'
  | 'book_movement'
  | 'give_back'
  | 'give_back_lost'
  | 'by_hand';

export const DIFFERENCE_STATES = ['open', 'repaired', 'awaiting_approval', 'approved', 'rejected', 'gone'] as const;
/** `open`: it is to be mended at once. `approved`: a flow mends it. `rejected`: it is known, and left. `gone`: by itself. */
export type DifferenceState = (typeof DIFFERENCE_STATES)[number];

/** Ids, numbers and codes only. */
export type Figures = Readonly<Record<string, string | number>>;

/** What was found, before it is written down. */
export interface Sighting {
  readonly kind: string;
  /** Whose difference it is: together with `kind` its name. */
  readonly subject: Readonly<Record<string, string>>;
  readonly expected: Figures;
  readonly found: Figures;
  readonly action: Action;
}

export interface Difference extends Sighting {
  readonly id: string;
  readonly area: Area;
  readonly state: DifferenceState;
  /** Why it could not be mended when that was last tried: a code. */
  readonly failure: string | null;
  readonly decidedBy: string | null;
  readonly firstSeenAt: string;
  readonly seenAt: string;
  readonly changedAt: string;
}

export interface Reconciliation {
  readonly id: string;
  readonly startedAt: string;
  /** Null while it is under way, and of one that was ended by hand. */
  readonly endedAt: string | null;
  /** How many were looked at: an area that looked at nothing proves nothing. */
  readonly looked: Readonly<Partial<Record<Area, number>>>;
  /** Of the differences that it saw or closed, by what has become of them. */
  readonly differences: Readonly<Partial<Record<DifferenceState, number>>>;
}

const AT_ONCE: ReadonlySet<Action> = new Set([
  'count_again',
  'book_capture',
  'book_refunds',
  'book_both',
  'handle_event',
  'index',
]);

/** Whether nobody has to be asked. */
export const isSafe = (action: Action): boolean => AT_ONCE.has(action);
