import { adjustStock, setLowStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { DeliveryError } from '../../../src/domain/notifications/index.js';
import { lowStockWorkflowId } from '../../../src/workflows/contracts.js';
import { after } from '../../support/faulty-activities.js';
import { historyText } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

describeWith(['postgres', 'test-server', 'mail'], 'low-stock', () => {
  let world: FlowWorld;
  let mails: number;
  beforeAll(async () => {
    world = await openFlowWorld();
  }, 180_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.reset();
    mails = 0;
    world.delivery.mail = async (send) => {
      mails += 1;
      await send();
    };
  });

  /** A variant that has just become low; answers the id of its alert. */
  async function dip(): Promise<string> {
    const variantId = await world.variant(5);
    await world.transact((em) => setLowStock(em, { variantId, lowAt: 3, actorId: newId(), requestId: 'r' }));
    await world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'sold', delta: -2 }));
    const [row] = await world.shop.rows<{ id: string }>(
      'select alert_id as id from stock_alert_lines where variant_id = ?',
      [variantId],
    );
    return row?.id ?? 'no alert';
  }

  test('mails staff once, whatever is lost or started again, and keeps their address out of its history', async () => {
    const alertId = await dip();
    const workflowId = lowStockWorkflowId(alertId);
    world.faults.once('sendLowStockAlert', after);
    await world.start('lowStock', workflowId, { alertId });
    await expect(world.ended(workflowId)).resolves.toBe('sent');
    expect(mails).toBe(1);
    await world.start('lowStock', workflowId, { alertId });
    await expect(world.ended(workflowId)).resolves.toBe('sent');
    expect(mails).toBe(1);
    expect(await historyText(world.handle(workflowId))).not.toContain(world.deps.alertMail);
  });

  test('when the mail server is away for minutes, mails when it is back', async () => {
    const alertId = await dip();
    const workflowId = lowStockWorkflowId(alertId);
    let tries = 0;
    const { mail } = world.delivery;
    world.delivery.mail = async (send) => {
      tries += 1;
      if (tries < 6) throw new DeliveryError('mail', 'connection', false);
      await mail(send);
    };
    await world.start('lowStock', workflowId, { alertId });
    await expect(world.ended(workflowId)).resolves.toBe('sent');
    expect(mails).toBe(1);
  });
});
