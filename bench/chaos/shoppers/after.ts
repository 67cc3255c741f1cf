import { buys } from './buying.js';
import { logIn, readOrder, signUp, look } from './steps.js';
import { ask, askFrom, eventually, newKey, think, unexpected, type Visit } from './visit.js';

/** Buys, thinks better of it, and wants the money back. */
export async function cancelsOrder(visit: Visit): Promise<void> {
  const ending = await buys(visit);
  if (ending.status !== 'placed') return;
  const { order, orderToken } = ending;
  await think(visit);
  const answer = await ask(visit, 'POST', '/orders/{id}/cancel', {
    params: { path: { id: order.id }, header: newKey() },
    headers: { 'X-Order-Token': orderToken },
    body: { reason: 'changed_mind' },
  });
  if (answer.status !== 200 && answer.status !== 202) return unexpected(visit, 'POST /orders/{id}/cancel', answer);
  visit.tell({ what: 'order_cancelling', orderId: order.id });
  await eventually('the cancellation', async () => {
    const { status } = await readOrder(visit, visit.browser, order.id, orderToken);
    return status === 'cancelled' ? true : null;
  });
  visit.tell({ what: 'order_cancelled', orderId: order.id });
}

/** Buys, complains, and staff gives back all of it or a part. */
export async function isRefunded(visit: Visit): Promise<void> {
  const { staff, random, browser } = visit;
  const ending = await buys(visit);
  if (ending.status !== 'placed') return;
  const { order, orderToken } = ending;
  await eventually('the confirmation', async () => {
    const { status } = await readOrder(visit, browser, order.id, orderToken);
    return status === 'pending' ? null : status;
  });
  await think(visit);
  const part = Math.max(1, Math.floor(order.total.amount / 3));
  const wish = random.next() < 0.5 ? {} : { amount: { amount: part, currency: order.total.currency } };
  const answer = await staff.ask(visit, 'POST', '/admin/orders/{id}/refunds', {
    params: { path: { id: order.id }, header: newKey() },
    body: { reason: 'requested_by_customer', restock: false, ...wish },
  });
  if (answer.status !== 202) return unexpected(visit, 'POST /admin/orders/{id}/refunds', answer);
  const about = { orderId: order.id, refundId: answer.body.id, amount: answer.body.amount.amount };
  visit.tell({ what: 'refund_accepted', ...about });
  const status = await eventually('the refund', async () => {
    const path = { id: order.id, refundId: about.refundId };
    const seen = await staff.ask(visit, 'GET', '/admin/orders/{id}/refunds/{refundId}', { params: { path } });
    if (seen.status !== 200) return unexpected(visit, 'GET /admin/orders/{id}/refunds/{refundId}', seen);
    return ['requested', 'pending'].includes(seen.body.status) ? null : seen.body.status;
  });
  if (status !== 'succeeded') visit.surprise('POST /admin/orders/{id}/refunds', `refund ${about.refundId} ${status}`);
  visit.tell({ what: 'refunded', ...about });
}

const SUBJECT = 'Choose a new password';

/** Forgets the password, gets a mail, and chooses another. */
export async function resetsPassword(visit: Visit): Promise<void> {
  const { me, browser, outside } = visit;
  await signUp(visit);
  await think(visit);
  const asked = await ask(visit, 'POST', '/auth/password-reset', { body: { email: me.email } });
  if (asked.status !== 202) return unexpected(visit, 'POST /auth/password-reset', asked);
  visit.tell({ what: 'reset_accepted' });
  const password = `${me.password} again`;
  for (let mails = 0; ; mails += 1) {
    const text = await eventually('the mail', () => outside.mailTo(me.email, SUBJECT));
    const token = decodeURIComponent(/[?&]token=([^\s&]+)/.exec(text)?.[1] ?? '');
    const chosen = await ask(visit, 'POST', '/auth/password-reset/confirm', { body: { token, password } });
    // The request may have been done without its answer having arrived, or a repeat have made another mail: logging in tells.
    if (chosen.status === 204 || mails === 2) break;
    if (chosen.body.error.code !== 'token_invalid') unexpected(visit, 'POST /auth/password-reset/confirm', chosen);
    const tried = await askFrom(visit, browser, 'POST', '/auth/login', { body: { email: me.email, password } });
    if (tried.status === 200) break;
    await think(visit);
  }
  await logIn(visit, browser, password);
}

/** Looks around and leaves. */
export async function looksAround(visit: Visit): Promise<void> {
  for (let left = visit.random.between(2, 4); left > 0; left -= 1) await look(visit);
}

/** New goods arrive. */
export async function restocks(visit: Visit): Promise<void> {
  const { random, shelf, staff } = visit;
  const { variantId } = shelf.pick(random);
  const answer = await staff.ask(visit, 'PATCH', '/admin/inventory/{variant_id}', {
    params: { path: { variant_id: variantId }, header: newKey() },
    body: { delta: random.between(5, 20), reason: 'delivered' },
  });
  if (answer.status !== 200) unexpected(visit, 'PATCH /admin/inventory/{variant_id}', answer);
  await think(visit);
}
