import { ApplicationFailure, condition, defineSignal, defineUpdate, setHandler } from '@temporalio/workflow';
import type { CheckoutInput, CheckoutOutcome, ConfirmEmailInput } from '../../../src/workflows/contracts.js';

const outcome = defineUpdate<CheckoutOutcome>('outcome');
const finish = defineSignal<[string]>('finish');
const refuse = defineUpdate<never, [string]>('refuse');
const echo = defineUpdate<string, [string]>('echo');

/** Decides at once, but for checkouts that are called slow. */
export async function checkout({ checkoutId }: CheckoutInput): Promise<void> {
  let decided = !checkoutId.startsWith('slow');
  setHandler(finish, () => {
    decided = true;
  });
  setHandler(outcome, async (): Promise<CheckoutOutcome> => {
    await condition(() => decided);
    return { checkoutId, status: 'placed', code: null };
  });
  await condition(() => decided);
}

export async function confirmEmail({ confirmationId }: ConfirmEmailInput): Promise<string> {
  let said = '';
  setHandler(finish, (word) => {
    said = word;
  });
  setHandler(echo, (word) => word);
  setHandler(refuse, (type) => {
    throw ApplicationFailure.nonRetryable('no', type, { confirmationId });
  });
  await condition(() => said !== '');
  return said;
}
