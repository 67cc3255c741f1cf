import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createNotificationActivities, type NotificationActivityDeps } from '../../../src/activities/notifications.js';
import type { DomainError } from '../../../src/domain/kernel/errors.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import {
  DeliveryError,
  MOST_AT_ONCE,
  queueOrderNotification,
  resendNotification,
  settleNotification,
  type MailMessage,
  type TextMessage,
} from '../../../src/domain/notifications/index.js';
import { createCipher } from '../../../src/infra/crypto/aes-cipher.js';
import { createOrm } from '../../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../../src/infra/db/transact.js';
import { createSmtpMailer } from '../../../src/infra/smtp/mailer.js';
import { placedOrder, type TestOrder } from '../../support/placed-order.js';
import { describeWith, serviceUrl } from '../../support/services.js';
import { createShop } from '../../support/shop.js';

interface Row {
  readonly id: string;
  readonly status: string;
  readonly channel: string;
  readonly attempts: number;
  readonly last_error: string | null;
  readonly provider_id: string | null;
  readonly sent_at: string | null;
}

describeWith('postgres', 'telling customers', () => {
  const orm = createOrm({ url: serviceUrl('postgres') });
  const query = createQuery(orm);
  const transact = createTransact(orm);
  const cipher = createCipher({ keys: [{ id: 'k1', secret: randomBytes(32) }], blindIndexKey: randomBytes(32) });
  const mails: MailMessage[] = [];
  const texts: TextMessage[] = [];
  let beforeAnswer: () => Promise<void>;

  const deps: NotificationActivityDeps = {
    transact,
    query,
    cipher,
    mailer: {
      send: async (message) => {
        mails.push(message);
        await beforeAnswer();
      },
    },
    messenger: {
      send: async (message) => {
        texts.push(message);
        await beforeAnswer();
        return { providerId: 'sms-1' };
      },
    },
  };
  const activities = createNotificationActivities(deps);

  beforeEach(() => {
    mails.length = 0;
    texts.length = 0;
    beforeAnswer = async () => undefined;
  });
  afterAll(() => orm.close(true));

  const rowsOf = (subjectId: string): Promise<Row[]> =>
    query((em) => em.execute<Row[]>('select * from notifications where subject_id = ? order by channel', [subjectId]));
  const timelineOf = (orderId: string): Promise<unknown[]> =>
    query((em) => em.execute('select type, data from order_events where order_id = ? order by id', [orderId]));

  async function queuedOrder(order?: TestOrder): Promise<string> {
    const orderId = await placedOrder(query, cipher, order);
    await transact((em) => queueOrderNotification(em, orderId, 'order_confirmed'));
    return orderId;
  }
  const endClaim = (subjectId: string) =>
    query((em) =>
      em.execute('update notifications set claimed_until = now() where subject_id = ?', [subjectId], 'run'),
    );
  const confirmed = (orderId: string) => ({ orderId, event: 'order_confirmed' as const });

  test('a mail, when it was accepted, is recorded and stands in the timeline', async () => {
    const orderId = await queuedOrder({ contact: { email: 'grace@example.com' }, title: 'Lens <i>50</i>' });
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(1);
    expect(mails[0]).toMatchObject({
      to: 'grace@example.com',
      messageId: expect.stringMatching(/^[0-9a-f-]{36}@perdure$/),
    });
    expect(mails[0]?.text).toContain('Total: $24.99');
    expect(mails[0]?.html).not.toContain('<i>');
    expect((await rowsOf(orderId))[0]).toMatchObject({ status: 'sent', attempts: 1, sent_at: expect.any(String) });
    expect(await timelineOf(orderId)).toEqual([
      { type: 'customer_told', data: { event: 'order_confirmed', channel: 'email' } },
    ]);
  });

  test('a mail, when the activity runs again, is not sent again', async () => {
    const orderId = await queuedOrder();
    await activities.sendOrderEmail(confirmed(orderId));
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(1);
    expect(await timelineOf(orderId)).toHaveLength(1);
  });

  test('a mail that staff sends again is told as its own, and not when the activity of the first runs again', async () => {
    const orderId = await queuedOrder();
    await activities.sendOrderEmail(confirmed(orderId));
    const [first] = await rowsOf(orderId);
    const resendId = newId();
    await transact((em) => resendNotification(em, { orderId, notificationId: first?.id ?? '', resendId }));
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(1);

    const again = { ...confirmed(orderId), notificationId: resendId };
    for (let times = 0; times < 2; times += 1) await expect(activities.sendOrderEmail(again)).resolves.toBe('sent');
    expect(mails.map(({ messageId }) => messageId)).toEqual([`${first?.id}@perdure`, `${resendId}@perdure`]);
    expect(await timelineOf(orderId)).toMatchObject([{ type: 'customer_told' }, { data: { resent: true } }]);
  });

  test('a mail, when two attempts run at once, is sent by one of them', async () => {
    const orderId = await queuedOrder();
    const endings = await Promise.allSettled([1, 2, 3].map(() => activities.sendOrderEmail(confirmed(orderId))));
    expect(mails).toHaveLength(1);
    expect(endings.filter((ending) => ending.status === 'fulfilled').length).toBeGreaterThanOrEqual(1);
    const refusals = endings.flatMap((ending) =>
      ending.status === 'rejected' ? [(ending.reason as DomainError).code] : [],
    );
    expect(new Set(refusals)).toEqual(new Set(refusals.length === 0 ? [] : ['temporarily_unavailable']));
  });

  test('a mail, when the process dies between acceptance and record, is repeated with the same id', async () => {
    const orderId = await queuedOrder();
    // dies: neither the record nor the release of the claim happens
    const death = Promise.withResolvers<void>();
    beforeAnswer = () => death.promise;
    const dying = createNotificationActivities(deps);
    const died = dying.sendOrderEmail(confirmed(orderId)).catch(() => undefined);
    await until(() => mails.length === 1);
    beforeAnswer = async () => undefined;
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
    });
    await endClaim(orderId);
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(2);
    expect(mails[1]?.messageId).toBe(mails[0]?.messageId);
    death.reject(new Error('the process is gone'));
    await died;
    expect(await timelineOf(orderId)).toHaveLength(1);
  });

  test('a mail, when the server is away, stays pending, names the code, and goes out with the next attempt', async () => {
    const orderId = await queuedOrder();
    beforeAnswer = async () => Promise.reject(new DeliveryError('mail', 'esocket', false));
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toThrow('esocket');
    expect((await rowsOf(orderId))[0]).toMatchObject({ status: 'pending', last_error: 'esocket' });
    beforeAnswer = async () => undefined;
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
  });

  test('a mail, when its outcome is unknown, is not sent again before its claim has run off', async () => {
    const orderId = await queuedOrder();
    beforeAnswer = async () => Promise.reject(new DeliveryError('mail', 'etimedout', false, true));
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toThrow('etimedout');
    beforeAnswer = async () => undefined;
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toMatchObject(TAKEN);
    expect(mails).toHaveLength(1);
    await endClaim(orderId);
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails[1]?.messageId).toBe(mails[0]?.messageId);
  });

  test('a mail, when the server takes longer than a claim lasts, is sent by the first attempt alone and recorded late', async () => {
    const orderId = await queuedOrder();
    const brief = createNotificationActivities({ ...deps, claimMs: 200 });
    const accepted = Promise.withResolvers<void>();
    beforeAnswer = () => accepted.promise;
    const first = brief.sendOrderEmail(confirmed(orderId));
    await until(() => mails.length === 1);
    await sleep(600);
    await expect(brief.sendOrderEmail(confirmed(orderId))).rejects.toMatchObject(TAKEN);
    accepted.resolve();
    await expect(first).resolves.toBe('sent');
    await expect(brief.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(1);
  });

  test('a mail, when its worker sleeps before it hands it over until another has sent it, is not sent again', async () => {
    const orderId = await queuedOrder();
    const [asleep, awake] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const frozen = createNotificationActivities({
      ...deps,
      query: async (work) => {
        asleep.resolve();
        await awake.promise;
        return query(work);
      },
    });
    const late = frozen.sendOrderEmail(confirmed(orderId));
    await asleep.promise;
    await endClaim(orderId);
    const sent = Promise.withResolvers<void>();
    beforeAnswer = () => sent.promise;
    const other = activities.sendOrderEmail(confirmed(orderId));
    await until(() => mails.length === 1);
    awake.resolve();
    await expect(late).rejects.toMatchObject(TAKEN);
    sent.resolve();
    await expect(other).resolves.toBe('sent');
    expect(mails).toHaveLength(1);
  });

  test('a mail, when an attempt fails after another took it over, still belongs to the other', async () => {
    const orderId = await queuedOrder();
    const answers = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    beforeAnswer = () => answers[mails.length - 1]?.promise ?? Promise.resolve();
    const first = activities.sendOrderEmail(confirmed(orderId));
    await until(() => mails.length === 1);
    await endClaim(orderId);
    const second = activities.sendOrderEmail(confirmed(orderId));
    await until(() => mails.length === 2);
    answers[0]?.reject(new DeliveryError('mail', 'smtp_451', false));
    await expect(first).rejects.toThrow('smtp_451');
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toMatchObject(TAKEN);
    answers[1]?.resolve();
    await expect(second).resolves.toBe('sent');
    expect(mails).toHaveLength(2);
  });

  test('a mail, when the database is away after it was accepted, is recorded once it is back', async () => {
    const orderId = await queuedOrder();
    let away = 0;
    const shaky = createNotificationActivities({
      ...deps,
      query: (work) => {
        if (mails.length === 0 || away === 3) return query(work);
        away += 1;
        return Promise.reject(new Error('connection refused'));
      },
    });
    await expect(shaky.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(away).toBe(3);
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('sent');
    expect(mails).toHaveLength(1);
  });

  test('mails, of more orders than there are connections, wait without a claim and go out once each', async () => {
    const orders = await Promise.all(Array.from({ length: 2 * MOST_AT_ONCE }, () => queuedOrder()));
    const accepted = Promise.withResolvers<void>();
    beforeAnswer = () => accepted.promise;
    const sending = orders.map((orderId) => activities.sendOrderEmail(confirmed(orderId)));
    await until(() => mails.length >= MOST_AT_ONCE);
    await sleep(200);
    const rows = (await Promise.all(orders.map(rowsOf))).flatMap((each) => each.slice(0, 1));
    expect(rows.filter(({ attempts }) => attempts > 0)).toHaveLength(MOST_AT_ONCE);
    expect(mails).toHaveLength(MOST_AT_ONCE);
    accepted.resolve();
    await expect(Promise.all(sending)).resolves.toEqual(orders.map(() => 'sent'));
    expect(new Set(mails.map(({ messageId }) => messageId)).size).toBe(orders.length);
    expect(mails).toHaveLength(orders.length);
  });

  test('a mail, when its address will never be accepted, ends as failed and is not tried again', async () => {
    const orderId = await queuedOrder();
    beforeAnswer = async () => Promise.reject(new DeliveryError('mail', 'smtp_550', true));
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('failed');
    await expect(activities.sendOrderEmail(confirmed(orderId))).resolves.toBe('failed');
    expect(mails).toHaveLength(1);
    expect((await rowsOf(orderId))[0]).toMatchObject({ status: 'failed', last_error: 'smtp_550', sent_at: null });
    expect(await timelineOf(orderId)).toEqual([
      { type: 'customer_not_reached', data: { event: 'order_confirmed', channel: 'email' } },
    ]);
  });

  test('a mail that was never queued is refused', async () => {
    const orderId = await placedOrder(query, cipher);
    await expect(activities.sendOrderEmail(confirmed(orderId))).rejects.toMatchObject({ code: 'not_found' });
    expect(mails).toHaveLength(0);
  });

  test('an SMS, when there is a phone number, is sent with the id of its row as reference', async () => {
    const orderId = await queuedOrder({ contact: { phone: '+4915112345678' } });
    await expect(activities.sendOrderText(confirmed(orderId))).resolves.toBe('sent');
    const [row] = await query((em) =>
      em.execute<{ id: string; provider_id: string }[]>(
        `select * from notifications where subject_id = ? and channel = 'sms'`,
        [orderId],
      ),
    );
    expect(texts).toEqual([{ reference: row?.id, to: '+4915112345678', text: expect.stringContaining('$24.99') }]);
    expect(row?.provider_id).toBe('sms-1');
  });

  test('an SMS, when there is no phone number, is skipped and not in the timeline', async () => {
    const orderId = await queuedOrder();
    await expect(activities.sendOrderText(confirmed(orderId))).resolves.toBe('skipped');
    expect(texts).toHaveLength(0);
    expect(await timelineOf(orderId)).toEqual([]);
    await expect(activities.findPendingMessages({ orderId })).resolves.toEqual([
      { notificationId: expect.any(String), event: 'order_confirmed', channel: 'email' },
    ]);
  });

  test('settling, when a message ended already, changes nothing', async () => {
    const orderId = await queuedOrder();
    await activities.sendOrderEmail(confirmed(orderId));
    const [row] = await query((em) =>
      em.execute<{ id: string }[]>(`select id from notifications where subject_id = ? and channel = 'email'`, [
        orderId,
      ]),
    );
    await transact((em) => settleNotification(em, row?.id ?? '', { status: 'failed', error: 'late' }));
    expect((await rowsOf(orderId))[0]).toMatchObject({ status: 'sent', last_error: null });
    expect(await timelineOf(orderId)).toHaveLength(1);
  });

  describe('the warning that a hold ends', () => {
    async function hold(userId: string | null, seconds: number, state = 'live'): Promise<string> {
      const [holdId, cartId] = [newId(), newId()];
      const run = (sql: string, params: unknown[]) => query((em) => em.execute(sql, params, 'run'));
      await run(`insert into carts (id, token_hash, currency, checkout_id) values (?, ?, 'USD', ?)`, [
        cartId,
        cartId,
        newId(),
      ]);
      await run(
        `insert into cart_holds (id, cart_id, user_id, state, expires_at) values (?, ?, ?, ?, now() + ? * interval '1 second')`,
        [holdId, cartId, userId, state, seconds],
      );
      return holdId;
    }

    test('goes once to the customer', async () => {
      const userId = await createShop(query).user();
      const holdId = await hold(userId, 60);
      await expect(activities.sendHoldWarning({ holdId })).resolves.toBe('sent');
      await expect(activities.sendHoldWarning({ holdId })).resolves.toBe('sent');
      expect(mails.map(({ to }) => to)).toEqual([`${userId}@example.com`]);
    });

    test('is skipped for a guest, and for a hold that is over', async () => {
      const userId = await createShop(query).user();
      await expect(activities.sendHoldWarning({ holdId: await hold(null, 60) })).resolves.toBe('skipped');
      await expect(activities.sendHoldWarning({ holdId: await hold(userId, -1) })).resolves.toBe('skipped');
      await expect(activities.sendHoldWarning({ holdId: await hold(userId, 60, 'released') })).resolves.toBe('skipped');
      expect(mails).toHaveLength(0);
    });
  });

  describeWith(['mail', 'inbox'], 'over a real mail server', () => {
    test('the confirmation arrives once, with the id of its row as Message-ID', async () => {
      const mailer = createSmtpMailer({ url: serviceUrl('mail'), from: 'Perdure <shop@perdure.example>' });
      const real = createNotificationActivities({
        transact,
        query,
        cipher,
        mailer,
        messenger: { send: async () => ({ providerId: '' }) },
      });
      const to = `${newId()}@example.com`;
      const orderId = await queuedOrder({ contact: { email: to }, title: 'Caf\u00e9 <b>set</b>' });
      await real.sendOrderEmail(confirmed(orderId));
      await real.sendOrderEmail(confirmed(orderId));
      mailer.close();
      const [row] = await query((em) =>
        em.execute<{ id: string }[]>(`select id from notifications where subject_id = ? and channel = 'email'`, [
          orderId,
        ]),
      );
      const arrived = (await inbox()).filter((mail) => mail.to.some(({ address }) => address === to));
      expect(arrived).toHaveLength(1);
      expect(arrived[0]?.headers['message-id']).toContain(`${row?.id}@perdure`);
      expect(arrived[0]?.text).toContain('Caf\u00e9 <b>set</b>');
      expect(arrived[0]?.html).toContain('Caf\u00e9 &#60;b&#62;set&#60;/b&#62;');
    });
  });
});

const TAKEN = { code: 'temporarily_unavailable' };

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(5);
}

interface Arrived {
  readonly to: readonly { readonly address: string }[];
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly html: string;
}

async function inbox(): Promise<Arrived[]> {
  const response = await fetch(`${serviceUrl('inbox')}/api/email`);
  const body = (await response.json()) as Arrived[] | { data: Arrived[] };
  return Array.isArray(body) ? body : body.data;
}
