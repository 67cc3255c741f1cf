import { checkoutWorkflowId } from '../../../src/workflows/contracts.js';
import { checkoutBody } from '../client.js';
import type { Shopper } from '../visit.js';
import { checkFlowEnded, checkUndone, fillCart, isDecided, readCheckout, stepsOf } from './steps.js';

const QUANTITY = 2;
/** How much later than promised stock may come back on a busy machine. */
const PATIENCE_MS = 30_000;

/** A guest leaves the bank's page open: the reservation ends, and the payment with it. */
export const abandoner: Shopper = {
  name: 'Cleo',
  async visit(visit) {
    const { browser, me, outside, check, say, show } = visit;
    const filled = await fillCart(visit, QUANTITY);

    const body = checkoutBody(me, 'pm_card_threeDSecure2Required');
    const open = await check.eventually(
      'the checkout',
      () => browser.ask(202, 'POST', '/checkout', { body }),
      ({ status }) => status !== 'reserving' && status !== 'authorising',
      { expected: 'requires_action' },
    );
    const { checkout_id: checkoutId, client_secret: secret = '' } = open;
    const workflowId = checkoutWorkflowId(checkoutId);
    const intentId = secret.split('_secret_')[0] ?? '';
    show(`Cleo's checkout, expired`, workflowId);
    check.equal('the checkout', open.status, 'requires_action');
    check.equal('the payment', await outside.intentStatus(intentId), 'requires_action');
    check.equal('the flow', (await outside.flow(workflowId)).status, 'RUNNING');
    check.equal('available meanwhile', await browser.available(filled.variantId), filled.before - QUANTITY);
    const { expires_at: expiresAt } = await readCheckout(visit, checkoutId);
    const leftMs = Date.parse(expiresAt ?? '') - Date.now();
    say(`checks out; the bank asks for 3-D Secure (checkout ${checkoutId}, ${intentId})`);
    say(`leaves it there: ${QUANTITY} stay reserved for another ${Math.round(leftMs / 1_000)} s`);

    const ended = await check.eventually(
      'the checkout',
      () => readCheckout(visit, checkoutId),
      ({ status }) => isDecided(status),
      { expected: 'expired', withinMs: leftMs + PATIENCE_MS, everyMs: 500 },
    );
    check.equal('the checkout', [ended.status, ended.failure?.code], ['expired', 'reservation_expired']);
    check.holds('when it ended', Date.now() >= Date.parse(expiresAt ?? ''), `not before ${expiresAt}`, new Date());
    say(`the reservation has expired; the checkout's steps: ${stepsOf(ended).join(', ')}`);

    check.equal('the payment', await outside.intentStatus(intentId), 'canceled');
    await checkFlowEnded(visit, workflowId, 'expired');
    await checkUndone(visit, checkoutId, filled);
    say(
      `all undone: ${filled.before} available as before, ${intentId} is cancelled, no money held or taken, nothing was sent`,
    );
    say(`${workflowId} is completed`);
  },
};
