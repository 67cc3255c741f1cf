import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { askFrom, ask, newKey, think, unexpected, type Visit } from './visit.js';
import {
  assertIsOf,
  bodyFor,
  CARD,
  checkOut,
  contentOf,
  fill,
  follow,
  logIn,
  look,
  readOrder,
  signUp,
  type Ending,
} from './steps.js';

/** A guest comes, looks, and buys. */
export async function buys(visit: Visit): Promise<Ending> {
  visit.wants(1);
  await look(visit);
  const wanted = await fill(visit);
  const ending = await checkOut(visit, bodyFor(visit, CARD.good));
  assertIsOf(visit, ending, wanted);
  return ending;
}

export async function buysLoggedIn(visit: Visit): Promise<void> {
  await signUp(visit);
  await buys(visit);
}

export async function paysOnDelivery(visit: Visit): Promise<void> {
  visit.wants(1);
  await look(visit);
  const wanted = await fill(visit);
  const body = { ...bodyFor(visit, ''), payment: { provider: 'on_delivery', payment_method: 'cash' } };
  assertIsOf(visit, await checkOut(visit, body), wanted);
}

/** The card is declined, another one is taken out, for the same cart. */
export async function isDeclinedAndRetries(visit: Visit): Promise<void> {
  visit.wants(1);
  const wanted = await fill(visit);
  const first = await checkOut(visit, bodyFor(visit, CARD.declined));
  if (first.status === 'placed') visit.surprise('POST /checkout', 'an order with a card that is always declined');
  if (first.status !== 'declined') return;
  await think(visit);
  assertIsOf(visit, await checkOut(visit, bodyFor(visit, CARD.good)), wanted);
}

/** Comes back from the bank at once. */
export async function authenticates(visit: Visit): Promise<void> {
  visit.wants(1);
  const wanted = await fill(visit);
  const ending = await checkOut(visit, bodyFor(visit, CARD.challenge));
  await think(visit);
  assertIsOf(visit, await atTheBank(visit, ending), wanted);
}

/** Longer than the goods are held, or about as long. Milliseconds. */
const LATE_MS = [20_000, 75_000] as const;
const STEP_MS = 1_000;

/** Leaves the bank's page open and comes back, sometimes too late. */
export async function authenticatesLate(visit: Visit): Promise<void> {
  visit.wants(1);
  const wanted = await fill(visit);
  const ending = await checkOut(visit, bodyFor(visit, CARD.challenge));
  for (let left = visit.random.between(...LATE_MS); left > 0 && !visit.leaving(); left -= STEP_MS) await sleep(STEP_MS);
  assertIsOf(visit, await atTheBank(visit, ending), wanted);
}

async function atTheBank(visit: Visit, ending: Ending): Promise<Ending> {
  if (ending.status !== 'requires_action') return ending;
  const { checkoutId, intentId, orderToken } = ending;
  const acted = await visit.outside.authenticate(intentId);
  const then = await follow(visit, visit.browser, checkoutId, orderToken, { acted: true });
  if (!acted && then.status === 'declined') visit.surprise('GET /checkout/{id}', `${checkoutId} declined by nobody`);
  return then;
}

/** Clicks twice: the same request twice at once, with the same key or with none. */
export async function submitsTwice(visit: Visit): Promise<void> {
  visit.wants(1);
  const wanted = await fill(visit);
  const body = bodyFor(visit, CARD.good);
  const headers = visit.random.next() < 0.5 ? { 'Idempotency-Key': randomUUID() } : {};
  const endings = await Promise.all([checkOut(visit, body, { headers }), checkOut(visit, body, { headers })]);
  assertSame(visit, endings);
  for (const ending of endings) assertIsOf(visit, ending, wanted);
}

/** Two tabs of one customer submit the same cart; then another cart is bought in one of them. */
export async function hasTwoTabs(visit: Visit): Promise<void> {
  visit.wants(2);
  await signUp(visit);
  const other = visit.anotherBrowser();
  await logIn(visit, other, visit.me.password);
  const wanted = await fill(visit);
  // Another body, where the second tab has another card in it: that may be refused, but never be a second order.
  const card = visit.random.pick([CARD.good, 'pm_card_mastercard']);
  const endings = await Promise.all([
    checkOut(visit, bodyFor(visit, CARD.good), { may: ['checkout_in_progress'] }),
    checkOut(visit, bodyFor(visit, card), { browser: other, may: ['checkout_in_progress'] }),
  ]);
  assertSame(visit, endings);
  for (const ending of endings) assertIsOf(visit, ending, wanted);
  await think(visit);
  const more = await fill(visit);
  if (endings.some(({ status }) => status === 'placed'))
    assertIsOf(visit, await checkOut(visit, bodyFor(visit, CARD.good)), more);
}

function assertSame(visit: Visit, endings: readonly Ending[]): void {
  const orders = endings.flatMap((ending) => (ending.status === 'placed' ? [ending.order.id] : []));
  if (new Set(orders).size > 1) visit.surprise('POST /checkout', `one cart became the orders ${orders.join(' and ')}`);
}

/** Wants one more of it while the bank is waiting: too late for this cart. */
export async function editsWhilePaying(visit: Visit): Promise<void> {
  visit.wants(1);
  const wanted = await fill(visit);
  const ending = await checkOut(visit, bodyFor(visit, CARD.challenge));
  if (ending.status !== 'requires_action') return;
  await think(visit);
  const cart = await ask(visit, 'GET', '/cart');
  const line = cart.status === 200 ? cart.body.lines[0] : undefined;
  let content = wanted;
  if (line !== undefined) {
    const edited = await ask(visit, 'PATCH', '/cart/items/{id}', {
      params: { path: { id: line.id } },
      body: { quantity: line.quantity + 1 },
    });
    if (edited.status === 200) content = contentOf(edited.body);
    else if (edited.body.error.code !== 'checkout_in_progress' && edited.body.error.code !== 'not_found')
      unexpected(visit, 'PATCH /cart/items/{id}', edited);
  }
  const then = await atTheBank(visit, ending);
  // The cart is free only once its checkout has ended unpaid.
  if (content !== wanted && then.status === 'placed')
    visit.surprise('PATCH /cart/items/{id}', `the cart of order ${then.order.id} was changed while it was paid`);
  assertIsOf(visit, then, wanted);
}

/** Holds the goods and leaves, before or after the bank's page is open. */
export async function abandons(visit: Visit): Promise<void> {
  const { random } = visit;
  await look(visit);
  await fill(visit);
  if (random.next() < 0.4) {
    const held = await ask(visit, 'POST', '/cart/reservation', { params: { header: newKey() } });
    if (held.status !== 201 && !['out_of_stock', 'cart_problem'].includes(held.body.error.code))
      unexpected(visit, 'POST /cart/reservation', held);
    return;
  }
  const ending = await checkOut(visit, bodyFor(visit, CARD.challenge));
  if (ending.status === 'placed') visit.surprise('POST /checkout', 'an order that nobody authenticated');
}

/** Goes back from the bank's page and stops the checkout. */
export async function changesMind(visit: Visit): Promise<void> {
  await fill(visit);
  const ending = await checkOut(visit, bodyFor(visit, CARD.challenge));
  if (ending.status !== 'requires_action') return;
  await think(visit);
  const { checkoutId, orderToken } = ending;
  const stopped = await askFrom(visit, visit.browser, 'DELETE', '/checkout/{id}', {
    params: { path: { id: checkoutId } },
  });
  if (stopped.status !== 200 && stopped.status !== 202) unexpected(visit, 'DELETE /checkout/{id}', stopped);
  const then = await follow(visit, visit.browser, checkoutId, orderToken, { acted: true });
  if (then.status === 'placed') await readOrder(visit, visit.browser, then.order.id, orderToken);
}
