import { checkoutWorkflowId } from '../../../src/workflows/contracts.js';
import { checkoutBody } from '../client.js';
import { inWords, type Checkout, type Order } from '../shapes.js';
import type { Found, Shopper, Visit } from '../visit.js';
import { checkFlowEnded, content, isDecided, readCheckout } from './steps.js';

const QUANTITY = 2;
const TYPED = 'keybord';
const MEANT = 'keyboard';

/** The road that pays: from the registration to the order, its mail and its SMS. */
export const buyer: Shopper = {
  name: 'Ada',
  async visit(visit) {
    await arrive(visit);
    await browse(visit);
    const { product, variant } = await search(visit);
    const { browser, check, say } = visit;
    const before = await browser.available(variant.id);
    say(`looks at ${product.title}: ${inWords(product.price)}, ${before} available`);
    await fill(visit, variant.id);
    const order = await pay(visit, variant.id);
    check.equal('available after the order', await browser.available(variant.id), before - QUANTITY);
    say(`${QUANTITY} of ${before} left the stock, ${before - QUANTITY} are available`);
    await hear(visit, order);
  },
};

async function arrive({ browser, me, check, say }: Visit): Promise<void> {
  const { id } = await browser.register(me);
  say(`registers as ${me.email} (user ${id})`);
  const user = await browser.logIn(me);
  check.equal('who is logged in', [user.id, user.email], [id, me.email]);
  say('logs in');
}

async function browse({ browser, check, say }: Visit): Promise<void> {
  const { data: tree } = await browser.ask(200, 'GET', '/categories');
  check.holds('the categories', tree.length > 0, 'at least one', tree);
  for (const { slug, name } of tree) {
    const query = { category: slug, in_stock: 'true', limit: '20' } as const;
    const { data } = await browser.ask(200, 'GET', '/products', { params: { query } });
    if (data.length === 0) continue;
    const strays = data.filter((card) => !card.in_stock || card.category.path[0]?.slug !== slug);
    check.equal(`products that do not belong into ${name}`, strays, []);
    say(`browses ${name}: ${data.length} products in stock on the first page`);
    return;
  }
  check.holds('the categories', false, 'one with something in stock', tree);
}

async function search({ browser, shelf, check, say }: Visit): Promise<Found> {
  const query = { q: TYPED, in_stock: 'true', limit: '50' } as const;
  const found = await check.eventually(
    `the search for "${TYPED}"`,
    () => browser.ask(200, 'GET', '/products/search', { params: { query } }),
    ({ data, did_you_mean: meant }) =>
      data.length > 0 && (meant === MEANT || data.some(({ title }) => title.toLowerCase().includes(MEANT))),
    { expected: `hits for "${MEANT}"` },
  );
  const correction =
    found.did_you_mean === null ? `finds "${MEANT}"` : `is asked: did you mean "${found.did_you_mean}"?`;
  say(`searches for "${TYPED}" and ${correction} ${found.total} hits from ${found.backend}`);
  return shelf.take(browser, found.data, QUANTITY);
}

async function fill({ browser, check, say }: Visit, variantId: string): Promise<void> {
  const price = await browser.ask(200, 'GET', '/variants/{id}/price', {
    params: { path: { id: variantId }, query: { quantity: String(QUANTITY) } },
  });
  check.equal('the price of all', price.total.amount, price.unit_price.amount * QUANTITY);
  say(
    `asks the price for ${QUANTITY}: ${inWords(price.total)} (${price.adjustments.map(({ label }) => label).join(', ')})`,
  );
  const cart = await browser.addToCart(variantId, QUANTITY);
  check.equal('what is in the cart', content(cart), [{ variant_id: variantId, quantity: QUANTITY }]);
  check.equal('what the cart asks for it', cart.subtotal, price.total);
  say(`adds ${QUANTITY} to the cart: ${inWords(cart.subtotal)}, as told`);
}

async function pay(visit: Visit, variantId: string): Promise<Order> {
  const { browser, me, outside, check, say, show } = visit;
  const answer = await browser.call('POST', '/checkout', { body: checkoutBody(me, 'pm_card_visa') });
  check.holds('the checkout', [201, 202].includes(answer.status), '201 or, when it takes longer, 202', answer);
  const orderId = answer.status === 201 ? answer.body.id : await placed(visit, (answer.body as Checkout).checkout_id);
  const order = await check.eventually(
    'the order',
    () => browser.ask(200, 'GET', '/orders/{id}', { params: { path: { id: orderId } } }),
    (seen) => seen.status === 'confirmed' && seen.is_paid,
    { expected: 'confirmed and paid' },
  );
  check.equal(
    'what was ordered',
    order.items.map(({ variant_id, quantity }) => ({ variant_id, quantity })),
    [{ variant_id: variantId, quantity: QUANTITY }],
  );
  const { subtotal, discount_total: discount, shipping_total: shipping, tax_total: tax, total } = order;
  const added = subtotal.amount - discount.amount + shipping.amount + (order.prices_include_tax ? 0 : tax.amount);
  check.equal('the sum of the order', total.amount, added);
  const parts = `${inWords(shipping)} shipping and ${inWords(tax)} tax`;
  say(`checks out: order ${order.number} is confirmed and paid, ${inWords(total)} with ${parts} (order ${order.id})`);

  const [workflowId = ''] = await check.eventually(
    'flows of the order',
    () => outside.flowsOfOrder(order.id),
    (ids) => ids.some((id) => id.startsWith('checkout-')),
    { expected: 'its checkout' },
  );
  show(`Ada's checkout, placed`, workflowId);
  const payments = await outside.paymentsOf(workflowId.slice(checkoutWorkflowId('').length));
  check.equal(
    "the provider's ledger",
    payments.map(({ captures, net, held }) => ({ captures, net, held })),
    [{ captures: 1, net: total.amount, held: 0 }],
  );
  say(`the provider took ${inWords(total)} once (${payments[0]?.intent})`);

  const { data: history } = await browser.ask(200, 'GET', '/orders');
  check.equal(
    'the orders in the account',
    history.map(({ id }) => id),
    [order.id],
  );
  const { data: timeline } = await browser.ask(200, 'GET', '/orders/{id}/timeline', {
    params: { path: { id: order.id } },
  });
  say(`sees the order in the account, and its timeline: ${timeline.map(({ type }) => type).join(', ')}`);
  return order;
}

async function placed(visit: Visit, checkoutId: string): Promise<string> {
  const { status, order_id: orderId } = await visit.check.eventually(
    'the checkout',
    () => readCheckout(visit, checkoutId),
    (seen) => isDecided(seen.status),
    { expected: 'placed' },
  );
  visit.check.equal('the checkout', status, 'placed');
  return orderId ?? '';
}

async function hear(visit: Visit, order: Order): Promise<void> {
  const { outside, me, check, say } = visit;
  const about = (text: string): boolean => text.includes(order.number);
  const mails = await check.eventually(
    'mails about the order',
    async () => (await outside.mailsTo(me.email)).filter(({ subject }) => about(subject)),
    (found) => found.length > 0,
    { expected: 'one' },
  );
  check.equal(
    'mails about the order',
    mails.map(({ subject }) => subject),
    [`Order ${order.number} is confirmed`],
  );
  say(`gets the mail "${mails[0]?.subject}"`);
  const texts = await check.eventually(
    'SMS about the order',
    async () => (await outside.textsTo(me.phone)).filter(({ text }) => about(text)),
    (found) => found.length > 0,
    { expected: 'one' },
  );
  check.equal('SMS about the order', texts.length, 1);
  say(`gets the SMS "${texts[0]?.text}"`);
  const [workflowId = ''] = await outside.flowsOfOrder(order.id);
  await checkFlowEnded(visit, workflowId, 'placed');
  say(`${workflowId} is completed`);
}
