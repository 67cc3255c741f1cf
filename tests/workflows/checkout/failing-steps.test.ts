import { after, before } from '../../support/faulty-activities.js';
import {
  accepted,
  authenticate,
  endState,
  mailsTo,
  reaches,
  submit,
  textsTo,
  type EndState,
  type Purchase,
} from '../../support/flow-checkout.js';
import { openFlowWorld, type Delivery, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const FAULTS = { before, 'after its effect': after };

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'checkout, with a step that fails once', () => {
  let world: FlowWorld;
  const expected = new Map<string, EndState>();

  const CARDS = {
    placed: 'pm_card_visa',
    declined: 'pm_card_chargeDeclined',
    confirmed: 'pm_card_threeDSecure2Required',
  } as const;

  /** Runs a checkout to its end and says what is left. */
  async function run(road: keyof typeof CARDS): Promise<{ purchase: Purchase; state: EndState }> {
    const purchase = await accepted(world, { card: CARDS[road] });
    // Again on a busy machine, until the flow is there.
    do await submit(world, purchase, 400);
    while ((await world.flows.state(purchase.workflowId)) === 'absent');
    if (road === 'confirmed') {
      await reaches(world, purchase, 'requires_action');
      await authenticate(world, purchase, 'success');
      await world.flows.signal(purchase.workflowId, 'paymentHeard');
    }
    await world.ended(purchase.workflowId, 1_000);
    return { purchase, state: await endState(world, purchase) };
  }

  beforeAll(async () => {
    world = await openFlowWorld();
    for (const road of ['placed', 'declined', 'confirmed'] as const) expected.set(road, (await run(road)).state);
  });
  afterEach(async () => {
    expect(await world.stockFaults()).toEqual([]);
    await world.reset();
  });
  afterAll(() => world?.close());

  const steps = [
    ['placed', 'reserveStock'],
    ['placed', 'authorisePayment'],
    ['placed', 'placeOrder'],
    ['placed', 'capturePayment'],
    ['placed', 'tellCustomer'],
    ['confirmed', 'authorisePayment'],
    ['confirmed', 'checkPayment'],
    ['declined', 'authorisePayment'],
    ['declined', 'closeCheckout'],
    ['declined', 'voidHolds'],
    ['declined', 'releaseStock'],
  ] as const;
  const matrix = steps.flatMap(([road, step]) => Object.keys(FAULTS).map((when) => [road, step, when] as const));

  test.each(matrix)(
    'a checkout that is %s, when %s fails once %s, ends as without the failure',
    async (road, step, when) => {
      world.faults.once(step, FAULTS[when as keyof typeof FAULTS]);
      const { state } = await run(road);
      expect(state).toEqual(expected.get(road));
      expect(world.faults.calls(step)).toBeGreaterThan(1);
    },
  );

  test('a checkout, when every step fails once before and once after its effect, ends as without a failure', async () => {
    for (const [, step] of steps.slice(0, 5)) {
      world.faults.once(step, before);
      world.faults.once(step, after);
    }
    expect((await run('placed')).state).toEqual(expected.get('placed'));
  });

  test('a checkout, when the provider’s answers are lost after it acted, captures once', async () => {
    await world.stripe.post('/test/switches', { drop_after_commit: 1, only: { path: '/payment_intents$' } });
    const first = await run('placed');
    await world.stripe.post('/test/switches', { drop_after_commit: 1, only: { path: '/capture$' } });
    const second = await run('placed');
    expect([first.state, second.state]).toEqual([expected.get('placed'), expected.get('placed')]);
  });

  test.each(['mail', 'text'] as const)(
    'a checkout, when the record of an accepted %s is lost, repeats it under the same id',
    async (channel) => {
      let lost = 0;
      const losing: Delivery = async (send) => {
        const answer = await send();
        lost += 1;
        if (lost === 1) {
          // Nobody can know that it was taken: it is sent again once this claim has run off, here at once.
          setTimeout(() => void world.shop.run('update notifications set claimed_until = now()', []), 100);
          throw new Error('the connection broke after the message was taken');
        }
        return answer;
      };
      Object.assign(world.delivery, { [channel]: losing });
      const { purchase, state } = await run('placed');
      const ids =
        channel === 'mail'
          ? (await mailsTo(purchase.email)).map((mail) => mail.messageId)
          : textsTo(world, purchase.phone);
      expect(ids).toHaveLength(2);
      expect(new Set(ids).size).toBe(1);
      expect({ ...state, mails: 1, texts: 1 }).toEqual({ ...expected.get('placed'), mails: 1, texts: 1 });
    },
  );
});
