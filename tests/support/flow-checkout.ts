import type { CheckoutRequest } from '../../src/domain/checkout/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { checkoutWorkflowId, type CheckoutAnswer } from '../../src/workflows/contracts.js';
import type { FlowWorld } from './flow-world.js';
import { serviceUrl } from './services.js';

export interface Purchase {
  readonly variantId: string;
  readonly cartId: string;
  readonly checkoutId: string;
  readonly orderId: string;
  readonly workflowId: string;
  readonly email: string;
  readonly phone: string;
}

export interface PurchaseOptions {
  readonly card?: string | null;
  readonly stock?: number;
  readonly quantity?: number;
  readonly change?: Partial<CheckoutRequest>;
}

interface Mail {
  readonly subject: string;
  readonly messageId: string;
}

/** Two of five pieces at 10.00, and 4.99 for shipping: a cart whose checkout was accepted. */
export async function accepted(
  world: Pick<FlowWorld, 'variant' | 'cart' | 'accept'>,
  { card = 'pm_card_visa', stock = 5, quantity = 2, change = {} }: PurchaseOptions = {},
): Promise<Purchase> {
  const variantId = await world.variant(stock);
  const cartId = await world.cart([{ variantId, quantity }]);
  const name = newId();
  const contact = { email: `${name}@example.com`, phone: `+1555${name.replace(/\D/g, '').slice(-7)}` };
  const { checkoutId, orderId } = await world.accept(cartId, { paymentMethod: card, contact, ...change });
  return { variantId, cartId, checkoutId, orderId, workflowId: checkoutWorkflowId(checkoutId), ...contact };
}

/** Asks for the outcome, as every POST of the cart's checkout does: the first one starts the flow. */
export const submit = (
  world: Pick<FlowWorld, 'flows'>,
  { checkoutId, orderId }: Purchase,
  waitMs = 20_000,
): Promise<CheckoutAnswer> => world.flows.checkoutOutcome(checkoutId, { orderId, customerId: null }, waitMs);

/** What the provider moved for a checkout, over all its intents. */
export function moved(world: Pick<FlowWorld, 'stripe'>, checkoutId: string) {
  const intents = world.stripe.simulator.ledger().intents.filter((each) => each.metadata['checkout_id'] === checkoutId);
  const sum = (of: 'held' | 'captured' | 'refunded' | 'captures'): number =>
    intents.reduce((total, each) => total + each[of], 0);
  return { held: sum('held'), captured: sum('captured'), refunded: sum('refunded'), captures: sum('captures') };
}

export async function mailsTo(address: string): Promise<Mail[]> {
  const response = await fetch(`${serviceUrl('inbox')}/api/email`);
  const all = (await response.json()) as {
    to?: { address: string }[];
    subject: string;
    headers: Record<string, string>;
  }[];
  return all
    .filter((mail) => mail.to?.some((to) => to.address === address))
    .map(({ subject, headers }) => ({ subject, messageId: headers['message-id'] ?? '' }));
}

export const textsTo = (world: Pick<FlowWorld, 'vonage'>, phone: string): string[] =>
  world.vonage
    .log()
    .filter((text) => `+${text.to.replace('+', '')}` === phone)
    .map((text) => text.client_ref ?? '');

/** A world whose rows, provider and messages can be looked at. */
export type Bookkept = Pick<FlowWorld, 'shop' | 'checkoutRow' | 'stepsOf' | 'stripe' | 'stock' | 'vonage'>;

/** All that must be the same however often a step failed on the way; no ids in it. */
export async function endState(world: Bookkept, { variantId, cartId, checkoutId, orderId, email, phone }: Purchase) {
  const rows = <T extends object>(sql: string, id: string): Promise<T[]> => world.shop.rows<T>(sql, [id]);
  const row = await world.checkoutRow(checkoutId);
  return {
    checkout: { status: row?.status, closed: row?.closed_at != null, code: row?.failure_code },
    steps: (await world.stepsOf(checkoutId)).sort(),
    cart: await rows('select status, order_id is not null as ordered, version from carts where id = ?', cartId),
    freshId:
      (await rows<{ checkout_id: string }>('select checkout_id from carts where id = ?', cartId))[0]?.checkout_id !==
      checkoutId,
    orders: await rows('select status, total_amount from orders where cart_id = ?', cartId),
    timeline: (
      await rows<{ type: string }>('select type from order_events where order_id = ? order by type', orderId)
    ).map((event) => event.type),
    payments: await rows('select status, amount, captured_amount from payments where checkout_id = ?', checkoutId),
    ledger: await rows('select type, amount from payment_ledger where checkout_id = ? order by type', checkoutId),
    provider: moved(world, checkoutId),
    stock: await world.stock(variantId),
    reservations: await rows('select state, quantity from reservations where checkout_id = ?', checkoutId),
    told: await rows(
      'select event, channel, status from notifications where subject_id = ? order by channel, event',
      orderId,
    ),
    mails: (await mailsTo(email)).map((mail) => mail.subject.replace(/[A-Z0-9]{4,}[-A-Z0-9]*/g, '#')),
    texts: textsTo(world, phone).length,
    audit: await rows(`select action from audit_log where object_id = ?`, checkoutId),
  };
}

export type EndState = Awaited<ReturnType<typeof endState>>;

/** The intent of the checkout's payment, as its attempt knows it. */
export async function intentOf(world: Pick<FlowWorld, 'shop'>, checkoutId: string): Promise<string> {
  const [row] = await world.shop.rows<{ intent_id: string | null }>(
    `select intent_id from payment_attempts where checkout_id = ? and step = 'authorise'`,
    [checkoutId],
  );
  if (row?.intent_id == null) throw new Error('no intent yet');
  return row.intent_id;
}

/** Until the checkout's row has this status. */
export const reaches = (world: FlowWorld, { checkoutId }: Purchase, status: string): Promise<void> =>
  world.until(async () => (await world.checkoutRow(checkoutId))?.status === status, status);

/** The customer answers the bank's challenge. */
export const authenticate = async (
  world: Pick<FlowWorld, 'shop' | 'stripe'>,
  { checkoutId }: Purchase,
  outcome: 'success' | 'fail',
): Promise<unknown> =>
  world.stripe.post(`/test/payment_intents/${await intentOf(world, checkoutId)}/authenticate`, { outcome });

/** A checkout that ended unpaid: nothing reserved, held or taken, and a cart that may be bought again. */
export const UNDONE = {
  cart: [{ status: 'open', ordered: false, version: 2 }],
  freshId: true,
  orders: [],
  timeline: [],
  payments: [],
  ledger: [],
  provider: { held: 0, captured: 0, refunded: 0, captures: 0 },
  stock: [5, 0],
  told: [],
  mails: [],
  texts: 0,
};
