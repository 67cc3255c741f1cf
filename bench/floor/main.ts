/**
 * What Perdure is compared with: a bare Koa route, and the checkout's own SQL and provider calls one after the other, as
 * plain awaited code that nothing repeats or undoes. Its own process, so that its cost can be told apart.
 */
import type { Server } from 'node:http';
import Koa from 'koa';
import { createCheckoutActivities } from '../../src/activities/checkout.js';
import { createNotificationActivities } from '../../src/activities/notifications.js';
import { createPaymentActivities } from '../../src/activities/payments.js';
import { createGateways } from '../../src/bin/gateways.js';
import { loadConfig } from '../../src/config.js';
import { addItem, hashCartToken, showCart } from '../../src/domain/cart/index.js';
import { acceptCheckout, findCheckoutCart } from '../../src/domain/checkout/index.js';
import { systemClock } from '../../src/domain/kernel/clock.js';
import { readOrder } from '../../src/domain/orders/index.js';
import { precheckCart } from '../../src/domain/pricing/index.js';
import { createCipher } from '../../src/infra/crypto/aes-cipher.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { createSmtpMailer } from '../../src/infra/smtp/mailer.js';
import { createVonageMessenger } from '../../src/infra/vonage/messenger.js';
import type { orderBody } from '../road/shop.js';

type Order = ReturnType<typeof orderBody> & { readonly variant_id: string };

const config = loadConfig();
const orm = createOrm({ ...config.database, applicationName: 'perdure-floor' });
const [transact, query, cipher] = [createTransact(orm), createQuery(orm), createCipher(config.encryption)];
const mailer = createSmtpMailer(config.smtp);
const { pricesIncludeTax } = config.shop;
const { reservationMs } = config.checkout;
const paying = { transact, query, gateways: createGateways(config), now: systemClock };
const checkouts = createCheckoutActivities({ ...paying, reservationMs, pricesIncludeTax });
const payments = createPaymentActivities(paying);
const notifications = createNotificationActivities({
  ...{ transact, query, cipher, mailer },
  messenger: createVonageMessenger(config.vonage),
});
const unclaimed = async (_: unknown, resourceId: string) => ({ resourceId, replayed: false });

async function buy(order: Order): Promise<{ orderId: string; finish: () => Promise<void> }> {
  const caller = { kind: 'guest', cartToken: null } as const;
  const { token } = await transact(async (em) => {
    const added = await addItem(em, {
      ...{ caller, variantId: order.variant_id, quantity: 1, currency: config.shop.currency, ifMatch: null },
      claim: unclaimed,
    });
    await showCart(em, added.cartId);
    return added;
  });
  const owner = { userId: null, tokenHash: hashCartToken(token ?? '') };
  const cart = await query((em) => findCheckoutCart(em, owner));
  if (cart === null) throw new Error('the cart is gone');
  const { country } = order.shipping_address;
  const shippingMethod = order.shipping_method;
  await query((em) => precheckCart(em, { cartId: cart.id, country, shippingMethod, pricesIncludeTax }));
  const { checkoutId, orderId } = await transact((em) =>
    acceptCheckout(em, cipher, {
      cartId: cart.id,
      bodyHash: 'plain',
      contact: { email: order.email, phone: order.phone },
      shippingAddress: order.shipping_address,
      billingAddress: null,
      shippingMethod,
      provider: order.payment.provider,
      paymentMethod: order.payment.payment_method,
      expectedTotal: null,
      addressIndex: null,
      claim: unclaimed,
    }),
  );
  await checkouts.reserveStock({ checkoutId });
  const payment = await payments.authorisePayment({ checkoutId, attempt: 1 });
  if (payment.kind !== 'authorised') throw new Error(`the payment is ${payment.kind}`);
  await checkouts.placeOrder({ checkoutId, payment });
  await query((em) => readOrder(em, cipher, orderId));
  return {
    orderId,
    finish: async () => {
      await checkouts.capturePayment({ checkoutId });
      await notifications.tellCustomer({ orderId, event: 'order_confirmed' });
    },
  };
}

const app = new Koa();
app.use(async (ctx) => {
  if (ctx.path !== '/checkout') {
    ctx.body = { bare: true };
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of ctx.req) chunks.push(chunk as Buffer);
  const { orderId, finish } = await buy(JSON.parse(Buffer.concat(chunks).toString('utf8')) as Order);
  const finished = finish();
  if (ctx.query['messages'] === 'inside') await finished;
  // After the answer nobody is left to be told of a failure: that is the point of the comparison.
  else finished.catch((error: unknown) => console.error(error));
  ctx.status = 201;
  ctx.body = { id: orderId };
});

const server: Server = app.listen(config.http.port, config.http.host);
process.once('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  mailer.close();
  void orm.close(true);
});
