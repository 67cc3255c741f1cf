import Stripe from 'stripe';
import { createWebhookRoutes } from '../../../src/api/routes/webhooks.js';
import {
  accepted,
  authenticate,
  endState,
  intentOf,
  mailsTo,
  reaches,
  submit,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';
import { sdk, WEBHOOK_SECRET } from '../../unit/simulators/stripe-bench.js';

const CARD = 'pm_card_threeDSecure2Required';
const THREE_DAYS = 72 * 3_600;

describeWith(['postgres', 'temporal', 'mail', 'inbox'], 'the provider’s events, however they come', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld({ server: 'dev' });
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  /** The handler of another API process. */
  function receiver() {
    const [route] = createWebhookRoutes({
      transact: world.transact,
      query: world.query,
      flows: world.flows,
      gateways: new Map([['stripe', world.gateway]]),
    });
    return async (event: object, secret = WEBHOOK_SECRET): Promise<number> => {
      const payload = JSON.stringify(event);
      const signature = Stripe.webhooks.generateTestHeaderString({ payload, secret });
      const sent = { rawBody: Buffer.from(payload), ctx: { get: () => signature } };
      const reply = await route?.handle(sent as never);
      return reply?.status ?? 0;
    };
  }

  async function waiting(): Promise<Purchase> {
    const purchase = await accepted(world, { card: CARD });
    await submit(world, purchase);
    await reaches(world, purchase, 'requires_action');
    return purchase;
  }

  /** What the provider says of a checkout's intent, newest first. */
  async function eventsOf({ checkoutId }: Purchase): Promise<Stripe.Event[]> {
    const { data } = await sdk(world.stripe.url).events.list({ limit: 100 });
    return data.filter((event) => JSON.stringify(event.data.object).includes(checkoutId));
  }

  const PLACED = {
    orders: [{ status: 'confirmed' }],
    ledger: [{ type: 'capture', amount: 2_499 }],
    provider: { captured: 2_499, captures: 1, held: 0 },
    stock: [3, 0],
    mails: ['Order P-# is confirmed'],
    texts: 1,
  };

  test('all of them, five times each, in any order, at two processes at once, while their flow waits, place one order', async () => {
    const purchase = await waiting();
    await authenticate(world, purchase, 'success');
    const events = await eventsOf(purchase);
    expect(events.length).toBeGreaterThan(1);
    const [one, two] = [receiver(), receiver()];
    const deliveries = [...events, ...events.toReversed(), ...events, ...events.toReversed(), ...events];
    const answers = await Promise.all(deliveries.map((event, index) => (index % 2 === 0 ? one : two)(event)));
    expect(new Set(answers)).toEqual(new Set([200]));
    await expect(world.ended(purchase.workflowId, 0)).resolves.toMatchObject({ status: 'placed' });
    expect(await endState(world, purchase)).toMatchObject(PLACED);
    const stored = await world.shop.rows('select id from payment_events where checkout_id = ?', [purchase.checkoutId]);
    expect(stored).toHaveLength(events.length);
  });

  test('all of them, three days late and after delivery, change nothing and start nothing', async () => {
    const purchase = await waiting();
    await authenticate(world, purchase, 'success');
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await world.ended(purchase.workflowId, 0);
    await world.shop.run(`update orders set status = 'delivered' where id = ?`, [purchase.orderId]);
    const before = await endState(world, purchase);
    const receive = receiver();
    for (const event of await eventsOf(purchase)) {
      await expect(receive({ ...event, created: event.created - THREE_DAYS })).resolves.toBe(200);
      await expect(world.flows.state(`payment-event-${event.id}`)).resolves.toBe('absent');
    }
    expect(await endState(world, purchase)).toEqual(before);
  });

  test('one of an unknown type, of an unknown intent or of none of ours is taken and does nothing', async () => {
    const purchase = await waiting();
    const [known] = await eventsOf(purchase);
    const receive = receiver();
    const intent = { object: 'payment_intent', amount: 1, amount_received: 1, currency: 'usd', status: 'succeeded' };
    for (const [type, object] of [
      ['treasury.moon_landed', { object: 'moon' }],
      ['payment_intent.succeeded', { ...intent, id: 'pi_unknown', latest_charge: 'ch_1', metadata: {} }],
      [
        'payment_intent.succeeded',
        { ...intent, id: 'pi_other', latest_charge: 'ch_2', metadata: { checkout_id: 'x' } },
      ],
    ] as const)
      await expect(receive({ ...known, id: `evt_${type}_${object.object}`, type, data: { object } })).resolves.toBe(
        200,
      );
    expect((await world.checkoutRow(purchase.checkoutId))?.status).toBe('requires_action');
    expect(world.faults.calls('checkPayment')).toBe(0);
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    await world.ended(purchase.workflowId, 0);
  });

  test('one whose signature is of no secret of ours is refused and not stored', async () => {
    const purchase = await waiting();
    const [event] = await eventsOf(purchase);
    await expect(receiver()(event ?? {}, 'whsec_stranger')).rejects.toMatchObject({ code: 'bad_request' });
    await expect(world.shop.rows('select id from payment_events where id = ?', [event?.id ?? ''])).resolves.toEqual([]);
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    await world.ended(purchase.workflowId, 0);
  });

  test('money that comes for an ended checkout goes back once, and its customer is told once, however often it is heard of', async () => {
    const purchase = await waiting();
    await authenticate(world, purchase, 'success');
    await world.flows.update(purchase.workflowId, 'cancelCheckout');
    await world.ended(purchase.workflowId, 0);
    const paid = (await eventsOf(purchase)).find(({ type }) => type.includes('capturable')) ?? { id: '' };
    const [one, two] = [receiver(), receiver()];
    await Promise.all([one(paid), two(paid), one(paid), two(paid), one(paid)]);
    await expect(world.ended(`payment-event-${paid.id}`, 0)).resolves.toBe('settled');
    const { movements } = world.stripe.simulator.ledger(await intentOf(world, purchase.checkoutId));
    expect(movements.map(({ type }) => type)).toEqual(['authorise', 'void']);
    const mails = await mailsTo(purchase.email);
    expect(mails.map(({ subject }) => subject)).toEqual(['Your payment goes back to you']);
  });
});
