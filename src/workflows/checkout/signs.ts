import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { CANCEL_CHECKOUT, type Because, type CheckoutOutcome } from '../contracts.js';

/** Answers once the checkout is decided or waits for its customer. */
export const outcome = defineUpdate<CheckoutOutcome>('outcome');
/** Stops the checkout before it is placed; everything is undone. */
export const cancelCheckout = defineUpdate<CheckoutOutcome, [because?: Because | null]>(CANCEL_CHECKOUT);
/** The provider said something of this checkout's payment. */
export const paymentHeard = defineSignal('paymentHeard');
export const progress = defineQuery<Progress>('progress');

export interface Progress {
  readonly phase: Phase;
  readonly outcome: CheckoutOutcome | null;
}

export type Phase =
  | 'reserving'
  | 'authorising'
  | 'waiting_for_customer'
  | 'placing'
  | 'capturing'
  | 'telling'
  | 'undoing'
  | 'telling_return'
  | 'closed';

export const PHASES: Record<Phase, string> = {
  reserving: 'Taking stock for the cart. Next: authorise the payment.',
  authorising: 'Asking the payment provider for the money. Next: place the order.',
  waiting_for_customer: 'Waiting for the customer to confirm the payment (3-D Secure), until the reservation ends.',
  placing: 'Placing the order. Next: capture the payment.',
  capturing: 'The order is placed; taking the authorised money. Next: tell the customer.',
  telling: 'The order is confirmed; telling the customer by mail and SMS.',
  undoing: 'No order was placed: voiding the payment, then giving the stock back.',
  telling_return: 'Everything is undone; telling the customer that the money goes back.',
  closed: 'Done.',
};
