import { holdCart, readHold } from '../../src/domain/holds/index.js';
import { adjustStock, setLowStock } from '../../src/domain/inventory/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { queueOrderNotification } from '../../src/domain/notifications/index.js';
import { askForNotice } from '../../src/domain/stock-notices/index.js';
import { registerUser, requestPasswordReset } from '../../src/domain/users/index.js';
import {
  backInStockWorkflowId,
  confirmEmailWorkflowId,
  lowStockWorkflowId,
  notifyWorkflowId,
  passwordResetWorkflowId,
  paymentEventWorkflowId,
  reservationExpiryWorkflowId,
} from '../../src/workflows/contracts.js';
import { held } from '../unit/simulators/stripe-bench.js';
import { accepted, authenticate, endState, intentOf, mailsTo, textsTo, type Purchase } from './flow-checkout.js';
import { askedBack, cancelling, heardOfRefunds } from './flow-refund.js';
import { ALERT_MAIL, type MortalWorld } from './mortal-world.js';
import { until } from './until.js';

/** One flow of a road, with all that must be there before it. */
export interface Traveller {
  /** Starts it, or has the outbox start it; no worker need be up. `about`: what its calls to the provider speak of. */
  begin(): Promise<{ readonly workflowId: string; readonly about?: readonly string[] }>;
  /** What somebody else does while it is under way. */
  meanwhile?(): Promise<void>;
  /** What somebody does once it has come through, so that it ends. */
  finish?(workflowId: string): Promise<void>;
  /** What is left of it, without ids; and how many messages came twice under their one id. */
  state(): Promise<{ readonly repeats: number; readonly [part: string]: unknown }>;
}

export interface Road {
  /** The activities that a worker can die in on it. */
  readonly activities: readonly string[];
  /** Those of them that have the payment provider move money. */
  readonly paying?: readonly string[];
  /** Those that hand a message over: where the provider took it and nobody knows, it is said again under its one id. */
  readonly telling?: readonly string[];
  travel(world: MortalWorld): Promise<Traveller>;
}

const CHALLENGE = 'pm_card_threeDSecure2Required';
const TOTAL = 2_499;

const reaches = (world: MortalWorld, { checkoutId }: Purchase, status: string): Promise<unknown> =>
  until(
    status,
    () => world.checkoutRow(checkoutId),
    (row) => row?.status === status,
    60_000,
  );

const ids = (messages: readonly string[]): { readonly ones: number; readonly repeats: number } => {
  const ones = new Set(messages).size;
  return { ones, repeats: messages.length - ones };
};

/** The mails to an address, each once. */
async function mailed(to: string): Promise<{ readonly mails: number; readonly repeats: number }> {
  const { ones, repeats } = ids((await mailsTo(to)).map(({ messageId }) => messageId));
  return { mails: ones, repeats };
}

/** As providers of messages are told whom a message is for. */
const whom = ({ email, phone }: Purchase): string[] => [email, phone.replace('+', '')];

/** All that there is of a purchase, messages each once. */
async function purchaseState(world: MortalWorld, purchase: Purchase) {
  // What a flow cannot tell within 20 s, as around a death on a busy machine, it leaves to `notify`.
  await until(
    'the end of its messages',
    () =>
      world.shop.rows(`select event from notifications where subject_id = ? and status = 'pending'`, [
        purchase.orderId,
      ]),
    (pending) => pending.length === 0,
    60_000,
  );
  const { mails: _, ...left } = await endState(world, purchase);
  const [mail, texts] = [await mailed(purchase.email), ids(textsTo(world, purchase.phone))];
  return { ...left, mails: mail.mails, texts: texts.ones, repeats: mail.repeats + texts.repeats };
}

async function checkout(
  world: MortalWorld,
  card: string,
  goods: { readonly stock?: number; readonly quantity?: number } = {},
): Promise<Traveller & { readonly purchase: Purchase }> {
  const purchase = await accepted(world, { card, ...goods });
  const { workflowId, checkoutId } = purchase;
  return {
    purchase,
    begin: async () => {
      await world.start('checkout', workflowId, { checkoutId });
      return { workflowId, about: [checkoutId, ...whom(purchase)] };
    },
    state: () => purchaseState(world, purchase),
  };
}

/** Paid and told. */
async function bought(
  world: MortalWorld,
): Promise<{ purchase: Purchase; intentId: string; state: Traveller['state'] }> {
  const { purchase, begin } = await checkout(world, 'pm_card_visa');
  await begin();
  await world.ended(purchase.workflowId);
  return {
    purchase,
    intentId: await intentOf(world, purchase.checkoutId),
    state: async () => ({
      ...(await purchaseState(world, purchase)),
      refunds: await world.shop.rows('select status, amount, origin from refunds where order_id = ? order by id', [
        purchase.orderId,
      ]),
    }),
  };
}

async function customer(world: MortalWorld): Promise<{ readonly userId: string; readonly email: string }> {
  const userId = await world.shop.user();
  return { userId, email: `${userId}@example.com` };
}

async function heldCart(world: MortalWorld, ms: number, userId: string | null) {
  const variantId = await world.variant(5);
  const cartId = await world.cart([{ variantId, quantity: 2 }], userId);
  const { id: holdId } = await world.transact((em) => holdCart(em, cartId, ms));
  return {
    holdId,
    begin: async () => {
      const workflowId = reservationExpiryWorkflowId(holdId);
      await world.start('reservationExpiry', workflowId, { holdId });
      return { workflowId };
    },
    state: async () => ({
      hold: (await world.query((em) => readHold(em, holdId))).state,
      stock: await world.stock(variantId),
      audit: await world.shop.rows('select action from audit_log where object_id = ?', [holdId]),
      repeats: 0,
    }),
  };
}

/** Every flow that moves money or stock or tells somebody, and the activities of it that a worker can die in. */
export const ROADS: Readonly<Record<string, Road>> = {
  'a checkout that is placed': {
    activities: ['reserveStock', 'authorisePayment', 'placeOrder', 'capturePayment', 'tellCustomer'],
    paying: ['authorisePayment', 'capturePayment'],
    telling: ['tellCustomer'],
    travel: (world) => checkout(world, 'pm_card_visa'),
  },
  'a checkout that is declined': {
    activities: ['closeCheckout', 'voidHolds', 'releaseStock'],
    paying: ['voidHolds'],
    travel: (world) => checkout(world, 'pm_card_visa_chargeDeclined'),
  },
  'a checkout that is sold out': {
    activities: ['closeCheckout', 'releaseStock'],
    travel: (world) => checkout(world, 'pm_card_visa', { stock: 5, quantity: 6 }),
  },
  'a checkout that its customer confirms': {
    activities: ['checkPayment'],
    async travel(world) {
      const { purchase, ...traveller } = await checkout(world, CHALLENGE);
      return {
        ...traveller,
        async meanwhile() {
          await reaches(world, purchase, 'requires_action');
          await authenticate(world, purchase, 'success');
          await world.flows.signal(purchase.workflowId, 'paymentHeard');
        },
      };
    },
  },
  'money that comes too late': {
    activities: ['findEventCheckout', 'voidHolds', 'voidPayment', 'tellCustomer', 'markEventHandled'],
    paying: ['voidHolds', 'voidPayment'],
    telling: ['tellCustomer'],
    async travel(world) {
      const { purchase, begin, state } = await checkout(world, CHALLENGE);
      await begin();
      await reaches(world, purchase, 'requires_action');
      await world.flows.update(purchase.workflowId, 'cancelCheckout');
      await world.ended(purchase.workflowId);
      const { checkoutId } = purchase;
      const late = { amount: TOTAL, capture_method: 'automatic', metadata: { checkout_id: checkoutId } } as const;
      const { id: intentId } = await world.stripe.stripe.paymentIntents.create(held('pm_card_visa', late));
      return {
        state,
        begin: async () => {
          const eventId = `evt_${newId()}`;
          await world.shop.run(
            `insert into payment_events (id, provider, type, intent_id, checkout_id, outcome, created_at)
             values (?, 'stripe', 'payment_intent.succeeded', ?, ?, 'captured', now())`,
            [eventId, intentId, checkoutId],
          );
          const workflowId = paymentEventWorkflowId(eventId);
          await world.start('paymentEvent', workflowId, { eventId });
          return { workflowId, about: [intentId, ...whom(purchase)] };
        },
      };
    },
  },
  'a refund': {
    activities: ['giveBack', 'tellCustomer'],
    paying: ['giveBack'],
    telling: ['tellCustomer'],
    async travel(world) {
      const { purchase, intentId, state } = await bought(world);
      const all = { kind: 'whole', restock: true } as const;
      return {
        state,
        begin: async () => ({
          workflowId: await askedBack(world, purchase, all, { start: false }),
          about: [intentId, ...whom(purchase)],
        }),
      };
    },
  },
  'a refund of the provider’s dashboard': {
    activities: ['bookRefunds'],
    async travel(world) {
      const { purchase, intentId, state } = await bought(world);
      await world.stripe.stripe.refunds.create({ payment_intent: intentId, amount: 500 });
      const news = () =>
        world.shop.rows<{ status: string }>(
          `select status from notifications where subject_id = ? and event = 'order_refunded'`,
          [purchase.orderId],
        );
      const told = (rows: { status: string }[]) => rows.length > 0 && rows.every(({ status }) => status === 'sent');
      return {
        state,
        begin: async () => ({ workflowId: await heardOfRefunds(world, purchase) }),
        // its customer is told by a flow of its own
        finish: async () => void (await until('the news of it', news, told, 120_000)),
      };
    },
  },
  'a cancelled order': {
    activities: ['carryOutCancellation', 'tellCustomer', 'claimOwed', 'giveBack'],
    paying: ['giveBack'],
    telling: ['tellCustomer'],
    async travel(world) {
      const { purchase, intentId, state } = await bought(world);
      return {
        state,
        begin: async () => ({
          workflowId: await cancelling(world, purchase, { start: false }),
          about: [intentId, ...whom(purchase)],
        }),
      };
    },
  },
  'news of an order': {
    activities: ['findPendingMessages', 'sendOrderEmail', 'sendOrderText'],
    telling: ['sendOrderEmail', 'sendOrderText'],
    async travel(world) {
      const { purchase, state } = await bought(world);
      const { orderId } = purchase;
      return {
        state,
        begin: async () => {
          await world.transact((em) => queueOrderNotification(em, orderId, 'order_delivered'));
          const workflowId = notifyWorkflowId(orderId);
          await world.start('notify', workflowId, { orderId });
          return { workflowId, about: whom(purchase) };
        },
      };
    },
  },
  'a hold that ends': {
    activities: ['expireHold'],
    travel: (world) => heldCart(world, 1, null),
  },
  'a hold that is warned of': {
    activities: ['readHold', 'markHoldWarned', 'sendHoldWarning'],
    telling: ['sendHoldWarning'],
    async travel(world) {
      const { userId, email } = await customer(world);
      const { holdId, begin, state } = await heldCart(world, 3_600_000, userId);
      return {
        begin: async () => ({ ...(await begin()), about: [email] }),
        state: async () => ({ ...(await state()), ...(await mailed(email)) }),
        finish: async (workflowId) => {
          const told = () =>
            world.shop.rows<{ status: string }>('select status from notifications where subject_id = ?', [holdId]);
          await until('the warning', told, (rows) => rows.some(({ status }) => status === 'sent'), 120_000);
          for (const [table, column] of [
            ['cart_holds', 'id'],
            ['reservations', 'hold_id'],
          ])
            await world.shop.run(`update ${table} set expires_at = now() where ${column} = ?`, [holdId]);
          await world.flows.signal(workflowId, 'holdChanged');
        },
      };
    },
  },
  'a password reset': {
    activities: ['preparePasswordReset', 'mailPasswordReset'],
    telling: ['mailPasswordReset'],
    async travel(world) {
      const { email } = await customer(world);
      const requestId = newId();
      return {
        begin: async () => {
          await world.transact((em) => requestPasswordReset({ em, cipher: world.cipher }, { id: requestId, email }));
          const workflowId = passwordResetWorkflowId(requestId);
          await world.start('passwordReset', workflowId, { requestId });
          return { workflowId, about: [email] };
        },
        state: async () => ({
          request: await world.shop.rows('select status from password_resets where id = ?', [requestId]),
          ...(await mailed(email)),
        }),
      };
    },
  },
  'a new account': {
    activities: ['mailEmailConfirmation'],
    telling: ['mailEmailConfirmation'],
    async travel(world) {
      const id = newId();
      const email = `${id}@example.com`;
      const names = { username: id.replaceAll('-', ''), firstName: null, lastName: null, phone: null };
      const user = { id, email, passwordHash: '-', roles: ['customer'], ...names } as const;
      return {
        begin: async () => {
          await world.transact((em) => registerUser({ em, cipher: world.cipher }, user));
          const [row] = await world.shop.rows<{ id: string }>('select id from email_confirmations where user_id = ?', [
            id,
          ]);
          return { workflowId: confirmEmailWorkflowId(row?.id ?? ''), about: [email] };
        },
        state: async () => ({ ...(await mailed(email)) }),
      };
    },
  },
  'low stock': {
    activities: ['sendLowStockAlert'],
    async travel(world) {
      const variantId = await world.variant(5);
      const actorId = newId();
      await world.transact((em) => setLowStock(em, { variantId, lowAt: 3, actorId, requestId: 'r' }));
      const alerts = () =>
        world.shop.rows<{ id: string; message: string; status: string }>(
          `select l.alert_id as id, n.id as message, n.status from stock_alert_lines l
           join notifications n on n.subject_id = l.alert_id where l.variant_id = ?`,
          [variantId],
        );
      return {
        begin: async () => {
          await world.transact((em) => adjustStock(em, { variantId, actorId, note: 'sold', delta: -2 }));
          return { workflowId: lowStockWorkflowId((await alerts())[0]?.id ?? '') };
        },
        state: async () => {
          const [alert] = await alerts();
          const mails = (await mailsTo(ALERT_MAIL)).filter(({ messageId }) => messageId.includes(alert?.message ?? ''));
          return { status: alert?.status, mails: mails.length, repeats: 0 };
        },
      };
    },
  },
  'stock that is back': {
    activities: ['findWaiting', 'sendStockNotice'],
    telling: ['sendStockNotice'],
    async travel(world) {
      const variantId = await world.variant(0);
      const email = `${newId()}@example.com`;
      const notice = { id: newId(), variantId, email, userId: null };
      await world.transact((em) => askForNotice({ em, cipher: world.cipher }, notice));
      return {
        begin: async () => {
          await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'came in', delta: 5 }));
          return { workflowId: backInStockWorkflowId(variantId), about: [email] };
        },
        state: async () => ({
          notice: await world.shop.rows('select state from stock_notices where id = ?', [notice.id]),
          ...(await mailed(email)),
        }),
      };
    },
  },
};
