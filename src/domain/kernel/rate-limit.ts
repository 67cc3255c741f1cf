export interface RateLimit {
  /** Names the rule; counts of different rules do not mix. */
  readonly name: string;
  readonly requests: number;
  readonly perMs: number;
}

export interface RateLimiter {
  /** Null: this request may pass. Otherwise the milliseconds until one would. Never throws. */
  take(limit: RateLimit, caller: string): Promise<number | null>;
}
