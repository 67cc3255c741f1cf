import { fileURLToPath } from 'node:url';
import { requestImport } from '../../src/domain/catalogue/index.js';
import { extendHold, holdCart, releaseHold } from '../../src/domain/holds/index.js';
import { adjustStock, setLowStock } from '../../src/domain/inventory/index.js';
import { newId } from '../../src/domain/kernel/ids.js';
import type { RefundWish } from '../../src/domain/refunds/index.js';
import { askForNotice } from '../../src/domain/stock-notices/index.js';
import { registerUser, requestPasswordReset } from '../../src/domain/users/index.js';
import { decideDifference, listDifferences } from '../../src/domain/reconciliation/index.js';
import {
  backInStockWorkflowId,
  checkoutRecoveryWorkflowId,
  notifyWorkflowId,
  reconciliationRepairWorkflowId,
  RETRY_STEP,
} from '../../src/workflows/contracts.js';
import { before, frozen, refuses } from '../support/faulty-activities.js';
import { accepted, authenticate, intentOf, reaches, submit, type Purchase } from '../support/flow-checkout.js';
import { askedBack, cancelling, heardOfRefunds, settleRefund } from '../support/flow-refund.js';
import type { FlowWorld } from '../support/flow-world.js';

const CHALLENGE = 'pm_card_threeDSecure2Required';
const DECLINED = 'pm_card_chargeDeclined';
const SOON = 3_000;

/** Brings a flow to one of its endings; answers its workflow id. */
type Ending = (world: FlowWorld) => Promise<string>;

async function checkout(world: FlowWorld, card?: string): Promise<Purchase> {
  const purchase = await accepted(world, card === undefined ? {} : { card });
  await submit(world, purchase, 2_000);
  return purchase;
}

async function waiting(world: FlowWorld): Promise<Purchase> {
  const purchase = await checkout(world, CHALLENGE);
  await reaches(world, purchase, 'requires_action');
  return purchase;
}

async function stuckIn(world: FlowWorld, activity: string): Promise<Purchase> {
  world.faults.always(activity, before);
  const purchase = await checkout(world);
  await world.wait(23_000);
  return purchase;
}

async function hold(world: FlowWorld, meanwhile: (cartId: string) => Promise<unknown>): Promise<string> {
  const cartId = await world.cart([{ variantId: await world.variant(5), quantity: 2 }]);
  const { id } = await world.transact((em) => holdCart(em, cartId, SOON));
  const handle = await world.start('reservationExpiry', `reservation-expiry-${id}`, { holdId: id });
  await world.wait(500);
  await meanwhile(cartId);
  await handle.signal('holdChanged');
  return handle.workflowId;
}

async function lateEvent(world: FlowWorld, outcome: string): Promise<string> {
  const purchase = await waiting(world);
  await world.flows.update(purchase.workflowId, 'cancelCheckout');
  const event = world.event(outcome === 'ours' ? purchase.checkoutId : null, {
    kind: 'authorised',
    intentId: await intentOf(world, purchase.checkoutId),
    expiresAt: new Date().toISOString(),
  });
  await world.shop.run(
    `insert into payment_events (id, provider, type, intent_id, checkout_id, outcome, created_at) values (?, 'stripe', ?, ?, ?, 'authorised', now())`,
    [event.id, event.type, event.intentId, event.checkoutId],
  );
  return (await world.start('paymentEvent', `payment-event-${event.id}`, { eventId: event.id })).workflowId;
}

async function reset(world: FlowWorld, email: string): Promise<string> {
  const requestId = newId();
  await world.transact((em) => requestPasswordReset({ em, cipher: world.cipher }, { id: requestId, email }));
  return (await world.start('passwordReset', `password-reset-${requestId}`, { requestId })).workflowId;
}

/** A variant that so many wait for, with so many pieces that came in. */
async function waitedFor(world: FlowWorld, people: number, pieces: number): Promise<string> {
  const variantId = await world.variant(0);
  for (let index = 0; index < people; index += 1)
    await world.transact((em) =>
      askForNotice(
        { em, cipher: world.cipher },
        { id: newId(), variantId, email: `waiting-${index}@example.com`, userId: null },
      ),
    );
  await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'came', delta: pieces }));
  return variantId;
}
const take = (world: FlowWorld, variantId: string) =>
  world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'sold', delta: -1 }));

const told = async (world: FlowWorld, variantId: string): Promise<string> =>
  (await world.start('backInStock', backInStockWorkflowId(variantId), { variantId })).workflowId;

const ALL_BACK: RefundWish = { kind: 'whole', restock: true };

/** Paid and told; 24.99 was captured. */
async function bought(world: FlowWorld, card?: string): Promise<Purchase> {
  const purchase = await checkout(world, card);
  await world.ended(purchase.workflowId, 0);
  return purchase;
}

/** Those that take hours: their time is skipped. */
export const LONG_ENDINGS: ReadonlySet<string> = new Set(['back-in-stock-two-waves']);

/** Of every flow, each way it may end and each road that leads there. */
export const ENDINGS: Readonly<Record<string, Ending>> = {
  'checkout-placed': async (world) => (await checkout(world)).workflowId,
  'checkout-declined': async (world) => (await checkout(world, DECLINED)).workflowId,
  'checkout-confirmed-then-placed': async (world) => {
    const purchase = await waiting(world);
    await authenticate(world, purchase, 'success');
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    return purchase.workflowId;
  },
  'checkout-expired': async (world) => (await waiting(world)).workflowId,
  'checkout-cancelled': async (world) => {
    const purchase = await waiting(world);
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    return purchase.workflowId;
  },
  'checkout-cancelled-in-ui': async (world) => {
    const purchase = await waiting(world);
    await world.handle(purchase.workflowId).cancel();
    return purchase.workflowId;
  },
  'checkout-hold-returned': async (world) => {
    world.faults.once('placeOrder', refuses);
    return (await checkout(world)).workflowId;
  },
  'checkout-money-returned': async (world) => {
    world.faults.once('placeOrder', async () => {
      const [taken] = await world.shop.rows<{ intent_id: string }>(
        'select intent_id from payment_attempts order by begun_at desc limit 1',
      );
      await world.stripe.stripe.paymentIntents.capture(taken?.intent_id ?? '');
      return refuses(async () => undefined);
    });
    return (await checkout(world)).workflowId;
  },
  'checkout-capture-refused': async (world) => {
    const capture = frozen();
    world.faults.once('capturePayment', capture.fault);
    const purchase = await checkout(world);
    await capture.begun;
    await world.stripe.stripe.paymentIntents.cancel(await intentOf(world, purchase.checkoutId));
    await capture.letGo();
    return purchase.workflowId;
  },
  'checkout-capture-stuck-then-retried': async (world) => {
    const purchase = await stuckIn(world, 'capturePayment');
    world.faults.lift('capturePayment');
    await world.flows.update(purchase.workflowId, RETRY_STEP, null, { by: 'anna', reason: 'cause_mended' });
    return purchase.workflowId;
  },
  'checkout-told-later': async (world) => {
    const purchase = await stuckIn(world, 'tellCustomer');
    world.faults.lift('tellCustomer');
    return purchase.workflowId;
  },
  'checkout-recovered': async (world) => {
    const step = frozen();
    world.faults.once('capturePayment', step.fault);
    const purchase = await checkout(world);
    await step.begun;
    await world.handle(purchase.workflowId).terminate('by hand');
    await step.letGo();
    const workflowId = checkoutRecoveryWorkflowId(purchase.checkoutId);
    await world.start('checkout', workflowId, { checkoutId: purchase.checkoutId, recover: true });
    return workflowId;
  },
  'notify-nothing-left': async (world) => {
    const { orderId, workflowId } = await checkout(world);
    await world.ended(workflowId, 0);
    await world.start('notify', notifyWorkflowId(orderId), { orderId });
    return notifyWorkflowId(orderId);
  },
  'notify-told': async (world) => {
    const { orderId, workflowId } = await checkout(world);
    await world.ended(workflowId, 0);
    await world.shop.run(`update notifications set status = 'pending' where subject_id = ?`, [orderId]);
    await world.start('notify', notifyWorkflowId(orderId), { orderId });
    return notifyWorkflowId(orderId);
  },
  'reservation-expiry-expired': (world) => hold(world, async () => undefined),
  'reservation-expiry-extended': (world) =>
    hold(world, (cartId) => world.transact((em) => extendHold(em, cartId, SOON))),
  'reservation-expiry-released': (world) => hold(world, (cartId) => world.transact((em) => releaseHold(em, cartId))),
  'reservation-expiry-handed-over': (world) =>
    hold(world, async (cartId) => world.reserve((await world.accept(cartId)).checkoutId)),
  'reservation-sweep': async (world) => {
    const cartId = await world.cart([{ variantId: await world.variant(5) }]);
    await world.transact((em) => holdCart(em, cartId, 1));
    const { checkoutId } = await accepted(world);
    await world.shop.run(`update checkouts set created_at = now() - interval '1 hour' where id = ?`, [checkoutId]);
    await world.shop.run(`update cart_holds set expires_at = now() - interval '1 hour' where cart_id = ?`, [cartId]);
    return (await world.start('reservationSweep', `reservation-sweep-${newId()}`)).workflowId;
  },
  'payment-event-settled': (world) => lateEvent(world, 'ours'),
  'payment-event-not-ours': (world) => lateEvent(world, 'another'),
  'cancel-order-refunded': async (world) => cancelling(world, await bought(world)),
  'cancel-order-before-capture': async (world) => {
    const capture = frozen();
    world.faults.once('capturePayment', capture.fault);
    const purchase = await checkout(world);
    await capture.begun;
    const workflowId = await cancelling(world, purchase);
    await world.wait(500);
    await capture.letGo();
    return workflowId;
  },
  'refund-succeeded': async (world) => askedBack(world, await bought(world), ALL_BACK),
  'refund-refused': async (world) => {
    const purchase = await bought(world);
    await world.stripe.stripe.refunds.create({ payment_intent: await intentOf(world, purchase.checkoutId) });
    return askedBack(world, purchase, ALL_BACK);
  },
  'refund-pending-then-succeeded': async (world) => {
    const purchase = await bought(world, 'pm_card_pendingRefund');
    const workflowId = await askedBack(world, purchase, ALL_BACK);
    await settleRefund(world, purchase, 'succeeded');
    await world.ended(await heardOfRefunds(world, purchase), 0);
    return workflowId;
  },
  'refund-event-booked': async (world) => {
    const purchase = await bought(world);
    await world.stripe.stripe.refunds.create({ payment_intent: await intentOf(world, purchase.checkoutId) });
    return heardOfRefunds(world, purchase);
  },
  'reservation-sweep-orders': async (world) => {
    const [cancelled, refunded] = [await bought(world), await bought(world)];
    const workflowIds = [
      await cancelling(world, cancelled, { start: false }),
      await askedBack(world, refunded, ALL_BACK, { start: false }),
    ];
    await world.shop.run(`update orders set updated_at = now() - interval '1 hour'`, []);
    await world.shop.run(`update refunds set updated_at = now() - interval '1 hour'`, []);
    const { workflowId } = await world.start('reservationSweep', `reservation-sweep-${newId()}`);
    for (const each of [workflowId, ...workflowIds]) await world.ended(each, 0);
    return workflowId;
  },
  'reconciliation-mended': async (world) => {
    await world.shop.run('update stock_levels set reserved = 1 where variant_id = ?', [await world.variant(5)]);
    return (await world.start('reconciliation', `reconciliation-${newId()}`)).workflowId;
  },
  'reconciliation-repair-done': async (world) => {
    await world.shop.run('update stock_levels set on_hand = 3 where variant_id = ?', [await world.variant(5)]);
    const { workflowId } = await world.start('reconciliation', `reconciliation-${newId()}`);
    await world.ended(workflowId, 0);
    const page = { limit: 1, runId: null, state: 'awaiting_approval' } as const;
    const [shown] = (await world.query((em) => listDifferences(em, page))).data;
    const differenceId = shown?.id ?? '';
    const userId = await world.shop.user({ roles: ['admin'] });
    if (shown !== undefined)
      await world.transact((em) =>
        decideDifference(em, { differenceId, decision: 'approved', shown, userId, requestId: 'r' }),
      );
    await world.start('reconciliationRepair', reconciliationRepairWorkflowId(differenceId), { differenceId });
    return reconciliationRepairWorkflowId(differenceId);
  },
  'password-reset-unknown': (world) => reset(world, 'nobody@example.com'),
  'password-reset-sent': async (world) => {
    const userId = await world.shop.user();
    return reset(world, `${userId}@example.com`);
  },
  'confirm-email-sent': async (world) => {
    const id = newId();
    const name = id.slice(-12);
    const user = { id, email: `${name}@example.com`, username: name, passwordHash: '-' };
    const rest = { firstName: null, lastName: null, phone: null, roles: ['customer'] as const };
    await world.transact((em) => registerUser({ em, cipher: world.cipher }, { ...user, ...rest }));
    const [row] = await world.shop.rows<{ id: string }>('select id from email_confirmations where user_id = ?', [id]);
    const confirmationId = row?.id ?? '';
    return (await world.start('confirmEmail', `confirm-email-${confirmationId}`, { confirmationId })).workflowId;
  },
  'low-stock-told': async (world) => {
    const variantId = await world.variant(5);
    await world.transact((em) => setLowStock(em, { variantId, lowAt: 3, actorId: newId(), requestId: 'r' }));
    await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'sold', delta: -2 }));
    const [row] = await world.shop.rows<{ id: string }>('select id from stock_alerts');
    const alertId = row?.id ?? '';
    return (await world.start('lowStock', `low-stock-${alertId}`, { alertId })).workflowId;
  },
  'back-in-stock-told': async (world) => {
    const shelf = await waitedFor(world, 2, 1);
    world.faults.once('sendStockNotice', before);
    return told(world, shelf);
  },
  'back-in-stock-sold-out': async (world) => {
    const shelf = await waitedFor(world, 2, 1);
    world.faults.once('sendStockNotice', async (run) => {
      await take(world, shelf);
      return run();
    });
    return told(world, shelf);
  },
  'back-in-stock-two-waves': async (world) => told(world, await waitedFor(world, 4, 1)),
  'reservation-sweep-notices': async (world) => {
    const shelf = await waitedFor(world, 2, 1);
    const { workflowId } = await world.start('reservationSweep', `reservation-sweep-${newId()}`);
    for (const each of [workflowId, backInStockWorkflowId(shelf)]) await world.ended(each, 0);
    return workflowId;
  },
  'reservation-sweep-continued': async (world) => {
    const shelf = await waitedFor(world, 1, 1);
    const swept = { holds: 1, checkouts: 0, untold: 0 };
    const progress = { swept, stage: 'notices', after: '00000000-0000-7000-8000-000000000000' };
    const { workflowId } = await world.start('reservationSweep', `reservation-sweep-${newId()}`, progress);
    for (const each of [workflowId, backInStockWorkflowId(shelf)]) await world.ended(each, 0);
    return workflowId;
  },
  'catalogue-import-completed': async (world) => {
    const importId = newId();
    const source = fileURLToPath(new URL('./catalogue.ndjson', import.meta.url));
    await world.transact((em) => requestImport(em, { importId, source, startedBy: null }));
    return (await world.start('catalogueImport', `catalogue-import-${importId}`, { importId })).workflowId;
  },
  'search-index': async (world) =>
    (await world.start('searchIndex', `search-index-${newId()}`, { productIds: [newId()] })).workflowId,
  'search-rebuild': async (world) => (await world.start('searchRebuild', `search-rebuild-${newId()}`)).workflowId,
};
