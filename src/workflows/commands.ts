import { ApplicationFailure } from '@temporalio/workflow';
import { COMMAND_REASONS, type Because } from './contracts.js';

/** An id, or the name that an operator goes by: no address, no free text. */
const WHO = /^[\w.-]{1,64}$/;

/** For validators of updates: what an operator says of a command must be codes and ids, as histories are kept. */
export function assertBecause(because: Because | null | undefined): void {
  if (because === null || because === undefined) return;
  const { by, reason, ...rest } = because;
  const valid = typeof by === 'string' && WHO.test(by) && COMMAND_REASONS.includes(reason);
  if (!valid || Object.keys(rest).length > 0)
    throw ApplicationFailure.nonRetryable(
      `say who and why as {"by": "<name or id>", "reason": "<${COMMAND_REASONS.join(' | ')}>"}`,
      'validation_failed',
    );
}
