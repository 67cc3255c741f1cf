import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { DeliveryError, type MailMessage } from '../../../src/domain/notifications/index.js';
import { askForNotice, withdrawNotices } from '../../../src/domain/stock-notices/index.js';
import { backInStockWorkflowId, STOCK_BACK } from '../../../src/workflows/contracts.js';
import { after, frozen } from '../../support/faulty-activities.js';
import { detailsOf, historyText } from '../../support/flow-history.js';
import { openFlowWorld, type FlowWorld } from '../../support/flow-world.js';
import { describeWith } from '../../support/services.js';

const HOUR = 3_600_000;

describeWith(['postgres', 'test-server', 'mail'], 'back-in-stock', () => {
  let world: FlowWorld;
  /** Who was told, in order. */
  let told: string[];
  let mails: MailMessage[];
  beforeAll(async () => {
    world = await openFlowWorld();
    const { mailer } = world.deps;
    const { send } = mailer;
    Object.assign(mailer, {
      send: async (message: MailMessage) => {
        await send(message);
        mails.push(message);
        told.push(message.to.replace('@example.com', ''));
      },
    });
  }, 180_000);
  afterAll(() => world.close());
  beforeEach(async () => {
    await world.reset();
    told = [];
    mails = [];
  });

  const names = (count: number): string[] => Array.from({ length: count }, (_, index) => `w${index + 1}`);
  const adjust = (variantId: string, delta: number) =>
    world.transact((em) => adjustStock(em, { variantId, actorId: newId(), note: 'count', delta }));
  const ask = (variantId: string, name: string) =>
    world.transact((em) =>
      askForNotice(
        { em, cipher: world.cipher },
        { id: newId(), variantId, email: `${name}@example.com`, userId: null },
      ),
    );
  const states = async (variantId: string): Promise<Record<string, number>> =>
    Object.fromEntries(
      (
        await world.shop.rows<{ state: string; count: number }>(
          'select state, count(*)::integer as count from stock_notices where variant_id = ? group by state',
          [variantId],
        )
      ).map(({ state, count }) => [state, count]),
    );

  /** A variant that so many wait for, with so many pieces that came in. */
  async function back(waiting: number, pieces: number): Promise<{ variantId: string; workflowId: string }> {
    const variantId = await world.variant(0);
    for (const name of names(waiting)) await ask(variantId, name);
    await adjust(variantId, pieces);
    return { variantId, workflowId: backInStockWorkflowId(variantId) };
  }
  const start = (of: { variantId: string; workflowId: string }) =>
    world.start('backInStock', of.workflowId, { variantId: of.variantId });
  const until = (count: number) => world.until(async () => told.length >= count, `${count} are told`, 0);

  test('tells three for each piece in the order they asked, an hour later the next ones, and ends when nobody waits', async () => {
    const shelf = await back(8, 1);
    await start(shelf);
    await until(3);
    await world.sleep(HOUR / 2);
    expect(told).toEqual(names(3));
    expect(await detailsOf(world.handle(shelf.workflowId))).toContain('an hour to buy');
    await expect(world.ended(shelf.workflowId, HOUR)).resolves.toEqual({ told: 8 });
    expect(told).toEqual(names(8));
    expect(await states(shelf.variantId)).toEqual({ told: 8 });
  });

  test('when it is sold out after a wave, ends, and tells the next ones when it is back once more', async () => {
    const shelf = await back(5, 1);
    await start(shelf);
    await until(3);
    await adjust(shelf.variantId, -1);
    await expect(world.ended(shelf.workflowId, HOUR)).resolves.toEqual({ told: 3 });
    expect(await states(shelf.variantId)).toEqual({ told: 3, open: 2 });
    await adjust(shelf.variantId, 1);
    await start(shelf);
    await expect(world.ended(shelf.workflowId, HOUR)).resolves.toEqual({ told: 2 });
    expect(told).toEqual(names(5));
  });

  test('when it is sold out in the middle of a wave, tells nobody more, and those once when it is back', async () => {
    const shelf = await back(3, 1);
    const sending = frozen();
    world.faults.once('sendStockNotice', async (run) => run());
    world.faults.once('sendStockNotice', sending.fault);
    await start(shelf);
    await sending.begun;
    await adjust(shelf.variantId, -1);
    await sending.letGo();
    await expect(world.ended(shelf.workflowId, 0)).resolves.toEqual({ told: 1 });
    expect(told).toEqual(['w1']);
    await adjust(shelf.variantId, 1);
    await start(shelf);
    await expect(world.ended(shelf.workflowId, HOUR)).resolves.toEqual({ told: 2 });
    expect(told).toEqual(names(3));
  });

  test('when answers are lost and an attempt wakes up late, tells each once', async () => {
    const shelf = await back(3, 1);
    const late = frozen();
    world.faults.once('sendStockNotice', after);
    world.faults.once('sendStockNotice', after);
    world.faults.once('sendStockNotice', late.fault);
    await start(shelf);
    await late.begun;
    await world.until(async () => told.length === 3, 'another attempt tells', 5_000);
    await late.letGo();
    await expect(world.ended(shelf.workflowId, HOUR)).resolves.toEqual({ told: 3 });
    expect([...told].sort()).toEqual(names(3));
    expect(await states(shelf.variantId)).toEqual({ told: 3 });
  });

  test('when the mail server is away, asks for attention and goes on; an address that takes no mail holds nobody up', async () => {
    const shelf = await back(3, 1);
    const { mail } = world.delivery;
    let tries = 0;
    world.delivery.mail = async (send) => {
      tries += 1;
      if (tries === 1) throw new DeliveryError('mail', 'rejected', true);
      if (tries < 7) throw new DeliveryError('mail', 'connection', false);
      await mail(send);
    };
    await start(shelf);
    await expect(world.ended(shelf.workflowId)).resolves.toEqual({ told: 2 });
    expect(told).toEqual(['w2', 'w3']);
    expect(await states(shelf.variantId)).toEqual({ undeliverable: 1, told: 2 });
  });

  test('when it is told that stock is back as it ends, looks once more', async () => {
    const shelf = await back(1, 0);
    const looking = frozen();
    world.faults.once('findWaiting', async (run) => {
      const found = await run();
      await looking.fault(async () => undefined);
      return found;
    });
    await start(shelf);
    await looking.begun;
    await adjust(shelf.variantId, 1);
    await world.handle(shelf.workflowId).signal(STOCK_BACK);
    await looking.letGo();
    await expect(world.ended(shelf.workflowId, 0)).resolves.toEqual({ told: 1 });
  });

  test('the mail names variant, price and link; its token withdraws what else the address waits for; histories name nobody', async () => {
    const shelf = await back(1, 2);
    const other = await world.variant(0);
    await ask(other, 'w1');
    await start(shelf);
    await world.ended(shelf.workflowId, 0);
    const [mail] = mails;
    expect(mail?.text).toContain('Thing: $10.00');
    expect(mail?.text).toMatch(/https:\/\/shop\.example\/products\/p-[0-9a-f-]+\n/);
    const token = /withdraw-stock-notices\?token=([0-9a-f]{64})\n/.exec(mail?.text ?? '')?.[1] ?? '';
    expect(await world.transact((em) => withdrawNotices({ em, cipher: world.cipher }, token))).toBe(1);
    expect(await states(other)).toEqual({ withdrawn: 1 });
    const history = await historyText(world.handle(shelf.workflowId));
    for (const secret of ['example.com', token]) expect(history).not.toContain(secret);
    expect(JSON.stringify(world.logged)).not.toContain('example.com');
  });

  test('with more to tell than it looks at once, tells each once, in order', async () => {
    const shelf = await back(120, 100);
    await start(shelf);
    await expect(world.ended(shelf.workflowId, 0)).resolves.toEqual({ told: 120 });
    expect(told).toEqual(names(120));
  });

  test('with a new history, goes on in the wave it was in', async () => {
    const { variantId, workflowId } = await back(4, 5);
    await world.start('backInStock', workflowId, { variantId, told: 13, wave: 2 });
    await until(2);
    await world.sleep(HOUR / 2);
    expect(told).toEqual(names(2));
    await expect(world.ended(workflowId, HOUR)).resolves.toEqual({ told: 17 });
  });
});
