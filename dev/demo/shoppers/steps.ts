import type { Visit } from '../visit.js';
import type { Cart, Checkout } from '../shapes.js';

export interface Filled {
  readonly variantId: string;
  /** Before anything was reserved. */
  readonly before: number;
  readonly cart: Cart;
}

/** A guest puts something that is in stock into a cart. */
export async function fillCart({ browser, shelf, check, say }: Visit, quantity: number): Promise<Filled> {
  const { data } = await browser.ask(200, 'GET', '/products', {
    params: { query: { in_stock: 'true', limit: '50' } },
  });
  const { product, variant } = await shelf.take(browser, data, quantity);
  const before = await browser.available(variant.id);
  const cart = await browser.addToCart(variant.id, quantity);
  check.equal('what is in the cart', content(cart), [{ variant_id: variant.id, quantity }]);
  say(`puts ${quantity} × ${product.title} into a guest's cart; ${before} are available`);
  return { variantId: variant.id, before, cart };
}

export const content = ({ lines }: Cart): { variant_id: string; quantity: number }[] =>
  lines.map(({ variant_id, quantity }) => ({ variant_id, quantity }));

export const readCheckout = ({ browser }: Visit, checkoutId: string): Promise<Checkout> =>
  browser.ask(200, 'GET', '/checkout/{id}', { params: { path: { id: checkoutId } } });

const ENDS = ['placed', 'failed', 'cancelled', 'expired'];
export const isDecided = (status: string): boolean => ENDS.includes(status);

export const stepsOf = ({ steps }: Checkout): string[] => steps.map(({ step }) => step);

/** The flow ended by itself with this status; says so with its id. */
export async function checkFlowEnded({ outside, check }: Visit, workflowId: string, status: string): Promise<void> {
  const ended = await check.eventually(
    `the flow ${workflowId}`,
    () => outside.flow(workflowId),
    ({ status: now }) => now !== 'RUNNING',
    { expected: 'closed' },
  );
  check.equal(`the flow ${workflowId}`, ended.status, 'COMPLETED');
  check.equal(`how ${workflowId} ended`, statusOf(ended.result), status);
}

const statusOf = (result: unknown): unknown =>
  typeof result === 'object' && result !== null && 'status' in result ? result.status : result;

/** Nobody's money, stock or patience is left behind by a checkout that did not come to an order. */
export async function checkUndone(
  visit: Visit,
  checkoutId: string,
  { variantId, before, cart }: Filled,
): Promise<void> {
  const { browser, outside, check, me } = visit;
  check.equal('available again', await browser.available(variantId), before);
  const payments = await outside.paymentsOf(checkoutId);
  check.equal(
    'money held or taken',
    payments.map(({ held, net }) => ({ held, net })).filter(({ held, net }) => held !== 0 || net !== 0),
    [],
  );
  const left = await browser.ask(200, 'GET', '/cart');
  check.equal(
    'the cart afterwards',
    [left.status, left.checkout_id, content(left)],
    ['open', undefined, content(cart)],
  );
  check.equal('mails about an order', (await outside.mailsTo(me.email)).length, 0);
  check.equal('SMS about an order', (await outside.textsTo(me.phone)).length, 0);
}
