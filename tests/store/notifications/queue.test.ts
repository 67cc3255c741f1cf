import { randomBytes } from 'node:crypto';
import { createNotificationActivities } from '../../../src/activities/notifications.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { queueOrderNotification, type MailMessage, type Occurrence } from '../../../src/domain/notifications/index.js';
import { createCipher } from '../../../src/infra/crypto/aes-cipher.js';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../../src/infra/db/transact.js';
import { placedOrder } from '../../support/placed-order.js';
import { describeWith, serviceUrl } from '../../support/services.js';

describeWith('postgres', 'queueing messages of an order', () => {
  const orm = createOrm({ url: serviceUrl('postgres') });
  const query = createQuery(orm);
  const transact = createTransact(orm);
  const cipher = createCipher({ keys: [{ id: 'k1', secret: randomBytes(32) }], blindIndexKey: randomBytes(32) });
  afterAll(() => orm.close(true));

  const queue = (orderId: string, event: 'order_confirmed' | 'order_refunded', occurrence?: Occurrence) =>
    transact((em) => queueOrderNotification(em, orderId, event, occurrence));
  const rowsOf = (orderId: string): Promise<{ channel: string; status: string; about: string | null }[]> =>
    query((em) =>
      em.execute('select channel, status, about from notifications where subject_id = ? order by about, channel', [
        orderId,
      ]),
    );

  test('an event, when it is recorded twice, keeps one row per channel', async () => {
    const orderId = await placedOrder(query, cipher);
    await queue(orderId, 'order_confirmed');
    await queue(orderId, 'order_confirmed');
    expect(await rowsOf(orderId)).toEqual([
      { channel: 'email', status: 'pending', about: null },
      { channel: 'sms', status: 'pending', about: null },
    ]);
  });

  test('an event, when an order meets it twice, keeps rows for each, and each is told once as it was', async () => {
    const mails: MailMessage[] = [];
    const { tellCustomer } = createNotificationActivities({
      transact,
      query,
      cipher,
      mailer: { send: async (mail) => void mails.push(mail) },
      messenger: { send: async () => ({ providerId: 'sms-1' }) },
    });
    const orderId = await placedOrder(query, cipher);
    const refunds = [newId(), newId()];
    for (const [index, about] of [...refunds, ...refunds].entries())
      await queue(orderId, 'order_refunded', { about, refunded: { amount: 100 + index, currency: 'USD' } });
    expect((await rowsOf(orderId)).map(({ about }) => about)).toEqual(refunds.flatMap((id) => [id, id]));

    for (const about of [...refunds, ...refunds]) await tellCustomer({ orderId, event: 'order_refunded', about });
    const amounts = mails.map(({ text }) => /\$[\d.]+ goes back/.exec(text)?.[0]);
    expect(amounts).toEqual(['$1.00 goes back', '$1.01 goes back']);
  });
});
