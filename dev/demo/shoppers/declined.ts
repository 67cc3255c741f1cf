import { checkoutWorkflowId } from '../../../src/workflows/contracts.js';
import { checkoutBody } from '../client.js';
import type { Shopper } from '../visit.js';
import { checkFlowEnded, checkUndone, fillCart, readCheckout, stepsOf } from './steps.js';

const STEPS = ['stock_reserved', 'payment_declined', 'payment_voided', 'stock_released', 'failed'];

/** A guest's card is declined: everything that was done for the order is undone. */
export const declined: Shopper = {
  name: 'Ben',
  async visit(visit) {
    const { browser, me, check, say, show } = visit;
    const filled = await fillCart(visit, 1);

    const body = checkoutBody(me, 'pm_card_visa_chargeDeclined');
    const { error } = await browser.ask(402, 'POST', '/checkout', { body });
    check.equal('the refusal', error.code, 'card_declined');
    const checkoutId = String(error.data?.['checkout_id']);
    const workflowId = checkoutWorkflowId(checkoutId);
    show(`Ben's checkout, declined`, workflowId);
    say(`checks out and is refused: ${error.message} (checkout ${checkoutId})`);

    const checkout = await readCheckout(visit, checkoutId);
    check.equal('the checkout', [checkout.status, checkout.failure?.code], ['failed', 'card_declined']);
    check.equal('what happened', stepsOf(checkout), STEPS);
    say(`the checkout's steps: ${stepsOf(checkout).join(', ')}`);

    await checkFlowEnded(visit, workflowId, 'failed');
    await checkUndone(visit, checkoutId, filled);
    say(`all undone: ${filled.before} available as before, no money held or taken, the cart is open, nothing was sent`);
    say(`${workflowId} is completed`);
  },
};
