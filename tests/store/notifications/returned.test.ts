import { randomBytes } from 'node:crypto';
import { createNotificationActivities } from '../../../src/activities/notifications.js';
import { queuePaymentReturned } from '../../../src/domain/notifications/index.js';
import { createCipher } from '../../../src/infra/crypto/aes-cipher.js';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../../src/infra/db/transact.js';
import { placedOrder } from '../../support/placed-order.js';
import { describeWith, serviceUrl } from '../../support/services.js';

const usd = (amount: number) => ({ amount, currency: 'USD' });
const amountIn = ({ text }: { readonly text: string }): string => /\d+\.\d\d/.exec(text)?.[0] ?? '';

describeWith('postgres', 'telling of payments that went back', () => {
  const orm = createOrm({ url: serviceUrl('postgres') });
  const query = createQuery(orm);
  const transact = createTransact(orm);
  const cipher = createCipher({ keys: [{ id: 'k1', secret: randomBytes(32) }], blindIndexKey: randomBytes(32) });
  const mails: string[] = [];
  const texts: string[] = [];
  const activities = createNotificationActivities({
    transact,
    query,
    cipher,
    mailer: { send: async (mail) => void mails.push(amountIn(mail)) },
    messenger: {
      send: async (text) => {
        texts.push(amountIn(text));
        return { providerId: 'sms-1' };
      },
    },
  });
  afterAll(() => orm.close(true));

  test('tellCustomer, of payments that went back for one checkout, tells of each once', async () => {
    const orderId = await placedOrder(query, cipher, { contact: { phone: '+14155550100' } });
    for (let time = 0; time < 2; time += 1)
      await transact(async (em) => {
        await queuePaymentReturned(em, orderId, usd(2_499), null);
        await queuePaymentReturned(em, orderId, usd(1_000), 'pi_stray');
        await queuePaymentReturned(em, orderId, usd(1_500), 'pi_another');
      });
    const notice = { orderId, event: 'payment_returned' } as const;
    await activities.tellCustomer(notice);
    await activities.tellCustomer(notice);
    expect(new Set(mails)).toEqual(new Set(['24.99', '10.00', '15.00']));
    expect(new Set(texts)).toEqual(new Set(mails));
    expect([mails.length, texts.length]).toEqual([3, 3]);
  });
});
