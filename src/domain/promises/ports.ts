import type { Channel } from '../notifications/types.js';

/** A flow that Temporal shows as failed, terminated or timed out. */
export interface BadEnd {
  readonly workflowId: string;
  readonly status: string;
  /**
   * What it was about, so that its rows can tell whether its work was done by another. `nothing`: it had nothing to undo.
   * `other`: nobody knows.
   */
  readonly about:
    'checkout' | 'hold' | 'order' | 'cancellation' | 'refund' | 'refund_event' | 'payment_event' | 'nothing' | 'other';
  readonly id: string;
}

/** What Temporal knows of flows. @throws when it does not answer */
export interface FlowBook {
  /** Flows that ended badly and were not followed by a run of the same id that works or worked. */
  badEnds(): Promise<readonly BadEnd[]>;
  /** How many flows that should end by themselves are at work. */
  atWork(): Promise<number>;
  /** Those of the orders that no running flow is about. */
  withoutFlow(orderIds: readonly string[]): Promise<readonly string[]>;
}

/** What reached customers, where development can see it. */
export interface MessageLog {
  readonly channel: Channel;
  /** How often each message arrived, by its notification's id, and when the log begins. */
  read(): Promise<{ readonly times: ReadonlyMap<string, number>; readonly since: Date | null }>;
}
