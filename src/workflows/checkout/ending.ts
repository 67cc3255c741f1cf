import { isCancellation } from '@temporalio/workflow';
import { refusal } from '../parking.js';

/** How a checkout ends without an order. */
export interface Ending {
  readonly status: 'failed' | 'cancelled' | 'expired';
  readonly code: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Leaves the paid road; never out of the flow. */
export class Ended extends Error {
  readonly ending: Ending;
  constructor(status: Ending['status'], code: string, data: Ending['data'] = {}) {
    super(code);
    this.ending = { status, code, data };
  }
}

/** @throws what is neither a refusal nor a cancellation: a mistake of ours */
export function endingOf(error: unknown): Ending {
  if (error instanceof Ended) return error.ending;
  if (isCancellation(error)) return { status: 'cancelled', code: 'cancelled', data: {} };
  const refused = refusal(error);
  if (refused !== undefined) return { status: 'failed', ...refused };
  throw error;
}
