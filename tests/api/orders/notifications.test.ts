import { createNotificationActivities } from '../../../src/activities/notifications.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { queueOrderNotification, type MailMessage } from '../../../src/domain/notifications/index.js';
import { openApp, type TestApp } from '../../support/app.js';
import { placedOrder } from '../../support/placed-order.js';

interface Message {
  readonly id: string;
  readonly event: string;
  readonly channel: string;
  readonly status: string;
  readonly resend_of: string | null;
}
interface Log {
  readonly data: readonly Message[];
  readonly next_cursor: string | null;
}

let app: TestApp;
let staff: Record<string, string>;
let calls: string[] = [];
let running = false;
let away = false;
const mails: MailMessage[] = [];

const outage = () => new DomainError('temporarily_unavailable', 'Temporal does not answer');
beforeAll(async () => {
  const refuse = () => Promise.reject(new Error('not asked for'));
  app = await openApp({
    flows: {
      checkoutOutcome: refuse,
      update: refuse,
      state: refuse,
      start: async (flow, workflowId, _input, _attributes, options) => {
        calls.push(`start ${flow} ${workflowId}${options?.again === true ? ' again' : ''}`);
      },
      signal: async (workflowId, signal) => {
        if (away) throw outage();
        calls.push(`${signal} ${workflowId}`);
        return running;
      },
    },
  });
  staff = (await app.login({ roles: ['staff'] })).headers;
});
beforeEach(() => {
  calls = [];
  running = false;
  away = false;
  mails.length = 0;
});
afterAll(() => app.close());

const activities = () =>
  createNotificationActivities({
    ...app.deps,
    mailer: { send: async (mail) => void mails.push(mail) },
    messenger: { send: async () => ({ providerId: 'sms-1' }) },
  });

/** An order whose confirmation was mailed. */
async function told(): Promise<{ orderId: string; mail: Message; sms: Message }> {
  const { query, cipher, transact } = app.deps;
  const orderId = await placedOrder(query, cipher);
  await transact((em) => queueOrderNotification(em, orderId, 'order_confirmed'));
  await activities().sendOrderEmail({ orderId, event: 'order_confirmed' });
  const { data } = (await log(orderId)).body;
  const of = (channel: string) => data.find((message) => message.channel === channel) as Message;
  return { orderId, mail: of('email'), sms: of('sms') };
}
const log = (orderId: string, query = '', headers = staff) =>
  app.call<Log>('GET', `/admin/orders/${orderId}/notifications${query}`, { headers });
const resend = (orderId: string, id: string, key = newId(), headers = staff) =>
  app.call<Message>('POST', `/admin/orders/${orderId}/notifications/${id}/resend`, {
    headers: { ...headers, 'Idempotency-Key': key },
  });

test('GET /admin/orders/{id}/notifications lists each message with how it ended, and no address', async () => {
  const { orderId } = await told();
  const { status, body } = await log(orderId);
  expect(status).toBe(200);
  expect(body.data.map((message) => `${message.event} ${message.channel} ${message.status}`).sort()).toEqual([
    'order_confirmed email sent',
    'order_confirmed sms pending',
  ]);
  expect(JSON.stringify(body)).not.toContain('@');
  const first = (await log(orderId, '?limit=1')).body;
  const second = (await log(orderId, `?limit=1&cursor=${first.next_cursor ?? ''}`)).body;
  expect([...first.data, ...second.data]).toEqual(body.data);
  expect(second.next_cursor).toBeNull();
});

test('POST …/resend queues a message of its own, tells its flow and stands in the audit log', async () => {
  const { orderId, mail } = await told();
  const { status, body } = await resend(orderId, mail.id);
  expect([status, body.status, body.resend_of, body.channel]).toEqual([202, 'pending', mail.id, 'email']);
  expect(calls).toEqual([`moreToTell notify-${orderId}`, `start notify notify-${orderId} again`]);
  const [entry] = await app.deps.query((em) =>
    em.execute('select action, data from audit_log where object_id = ?', [orderId]),
  );
  expect(entry).toEqual({
    action: 'notification.resent',
    data: { notification_id: body.id, resend_of: mail.id },
  });

  const pending = await activities().findPendingMessages({ orderId });
  const mine = pending.find(({ notificationId }) => notificationId === body.id);
  expect(mine).toMatchObject({ event: 'order_confirmed', channel: 'email' });
  await activities().sendOrderEmail({ orderId, event: 'order_confirmed', notificationId: body.id });
  await activities().sendOrderEmail({ orderId, event: 'order_confirmed' });
  expect(mails.map(({ messageId }) => messageId)).toEqual([`${mail.id}@perdure`, `${body.id}@perdure`]);
  const timeline = await app.deps.query((em) =>
    em.execute('select data from order_events where order_id = ? order by id', [orderId]),
  );
  expect(timeline).toEqual([
    { data: { event: 'order_confirmed', channel: 'email' } },
    { data: { event: 'order_confirmed', channel: 'email', resent: true } },
  ]);
});

test('POST …/resend, when the order’s flow runs, tells it that there is more and starts none', async () => {
  const { orderId, mail } = await told();
  running = true;
  await resend(orderId, mail.id);
  expect(calls).toEqual([`moreToTell notify-${orderId}`]);
});

test('POST …/resend, when Temporal is away, is accepted: the sweep finds the row', async () => {
  const { orderId, mail } = await told();
  away = true;
  expect((await resend(orderId, mail.id)).status).toBe(202);
  await app.deps.query((em) =>
    em.execute(`update notifications set created_at = now() - interval '3 minutes' where subject_id = ?`, [orderId]),
  );
  const untold = await activities().findUntoldOrders({ limit: 1_000, after: null });
  expect(untold).toContain(orderId);
});

test('POST …/resend, repeated with its key, queues nothing more; with the key for another message it is 422', async () => {
  const { orderId, mail, sms } = await told();
  const key = newId();
  const first = await resend(orderId, mail.id, key);
  const again = await resend(orderId, mail.id, key);
  expect([again.status, again.body.id, again.headers.get('Idempotent-Replayed')]).toEqual([202, first.body.id, 'true']);
  expect((await log(orderId)).body.data).toHaveLength(3);
  expect((await resend(orderId, sms.id, key)).status).toBe(422);
});

test('POST …/resend, while the message or a repeat of it still waits, is 409', async () => {
  const { orderId, mail, sms } = await told();
  expect((await resend(orderId, sms.id)).status).toBe(409);
  const answers = await Promise.all(Array.from({ length: 8 }, () => resend(orderId, mail.id)));
  expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 409)).toHaveLength(7);
});

test('POST …/resend of a repeat repeats the first', async () => {
  const { orderId, mail } = await told();
  const second = await resend(orderId, mail.id);
  await activities().sendOrderEmail({ orderId, event: 'order_confirmed', notificationId: second.body.id });
  expect((await resend(orderId, second.body.id)).body.resend_of).toBe(mail.id);
});

test('the log and resend are for those who may, of orders and messages that are there, and need a key', async () => {
  const { orderId, mail } = await told();
  const other = await told();
  const customer = (await app.login()).headers;
  expect((await log(orderId, '', customer)).status).toBe(403);
  expect((await log(orderId, '', {})).status).toBe(401);
  expect((await log(newId())).status).toBe(404);
  expect((await resend(orderId, mail.id, newId(), customer)).status).toBe(403);
  expect((await resend(orderId, other.mail.id)).status).toBe(404);
  expect((await resend(orderId, newId())).status).toBe(404);
  const keyless = await app.call('POST', `/admin/orders/${orderId}/notifications/${mail.id}/resend`, {
    headers: staff,
  });
  expect(keyless.status).toBe(400);
  expect((await log(orderId)).body.data).toHaveLength(2);
});
