import { DeliveryError } from '../../../src/domain/notifications/index.js';
import { notifyWorkflowId } from '../../../src/workflows/contracts.js';
import { accepted, authenticate, intentOf, submit } from '../../support/flow-checkout.js';
import { detailsOf, historyText } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'test-server', 'mail', 'inbox'], 'the histories of a checkout', () => {
  let world: FlowWorld;
  beforeAll(async () => {
    world = await openFlowWorld();
  });
  afterAll(() => world?.close());

  test('histories and logs, with everything failing on the way, hold no personal data and no secret', async () => {
    const address = {
      name: 'Marker Q. Nameworth',
      line1: '77 Hidden Lane',
      city: 'Markerville',
      postal_code: 'MK1 5EC',
      country: 'US',
    };
    const purchase = await accepted(world, {
      card: 'pm_card_threeDSecure2Required',
      change: { shippingAddress: address },
    });
    const personalWords = `550 <${purchase.email}> ${purchase.phone} ${address.line1} for ${address.name}`;
    const refusing = (channel: 'mail' | 'sms') => (): Promise<never> =>
      Promise.reject(Object.assign(new DeliveryError(channel, 'smtp_451', false), { message: personalWords }));
    Object.assign(world.delivery, { mail: refusing('mail'), text: refusing('sms') });
    await world.stripe.post('/test/switches', { drop: 1, unavailable: 1, only: { method: 'POST' } });

    await submit(world, purchase);
    await world.until(
      async () => (await world.checkoutRow(purchase.checkoutId))?.status === 'requires_action',
      'waiting',
    );
    const intentId = await intentOf(world, purchase.checkoutId);
    const secret = await world.gateway.clientSecret(intentId);
    await authenticate(world, purchase, 'success');
    await world.flows.signal(purchase.workflowId, 'paymentHeard');
    await world.ended(purchase.workflowId);
    const notifier = world.handle(notifyWorkflowId(purchase.orderId));
    await world.until(async () => (await detailsOf(notifier)).includes('Needs attention'), 'a stuck notify');

    const handle = world.handle(purchase.workflowId);
    const seen = [
      await historyText(handle),
      await historyText(notifier),
      await detailsOf(notifier),
      JSON.stringify(world.logged),
    ];
    expect(seen[0]).toContain(intentId);
    expect(seen[0]).toContain('mail_unavailable');
    expect(seen[3]).toContain('provider_unavailable');
    expect(seen[1]).toContain('mail_unavailable');
    expect(world.logged.length).toBeGreaterThan(2);
    const { country: _, ...address_ } = address;
    const personal = [
      purchase.email,
      purchase.phone,
      purchase.phone.slice(1),
      '@example.com',
      ...Object.values(address_),
    ];
    for (const part of seen) {
      const found = [...personal, secret, '_secret_', 'sk_test'].filter((marker) => part.includes(marker));
      expect(found).toEqual([]);
    }

    await world.reset();
    await world.until(async () => (await notifier.describe()).status.name !== 'RUNNING', 'the end of notify', 0);
  });
});
