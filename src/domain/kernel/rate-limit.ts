export interface RateLimit {
  /** Names the rule; counts of different rules do not mix. */
  readonly name: string;
  readonly requests: number;
  readonly perMs: number;
  /** Guards secrets or mailboxes: counted by each process alone while they cannot count together. */
  readonly always?: boolean;
}

export interface RateLimiter {
  /** Null: this request may pass. Otherwise the milliseconds until one would. Never throws. */
  take(limit: RateLimit, caller: string): Promise<number | null>;
  /** As `take`, and counts nothing. Never throws. */
  look(limit: RateLimit, caller: string): Promise<number | null>;
  /** Takes back one `take` that turned out not to count. Never throws. */
  giveBack(limit: RateLimit, caller: string): Promise<void>;
}
