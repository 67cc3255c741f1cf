import type { OutboxMessage } from './types.js';

export interface OutboxLag {
  readonly waiting: number;
  readonly oldestSeconds: number;
}

/** The relay's side of the outbox. */
export interface Outbox {
  /** Waiting messages, oldest first. Two readers may get the same ones. */
  waiting(limit: number): Promise<OutboxMessage[]>;
  markPublished(ids: readonly number[]): Promise<void>;
  /** How much waits, and for how long. */
  lag(): Promise<OutboxLag>;
  /** Forgets what was published more than a day ago; answers how many. */
  sweep(): Promise<number>;
}
