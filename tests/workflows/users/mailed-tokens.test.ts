import { fileURLToPath } from 'node:url';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { refusing } from '../../../src/activities/failures.js';
import { createUserActivities } from '../../../src/activities/users.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { DeliveryError, type MailMessage } from '../../../src/domain/notifications/ports.js';
import { requestPasswordReset } from '../../../src/domain/users/index.js';
import { ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { confirmEmailWorkflowId, passwordResetWorkflowId } from '../../../src/workflows/contracts.js';
import { describeWith } from '../../support/services.js';
import { startTimeSkipping } from '../../support/time-skipping.js';
import { createUserWorld, type UserWorld } from '../../support/users.js';
import type * as flows from './flows.js';

const TASK_QUEUE = 'users';

describeWith(['postgres', 'test-server'], 'flows that mail tokens', () => {
  let world: UserWorld;
  let environment: TestWorkflowEnvironment;
  let worker: Worker;
  let running: Promise<void>;
  let accepted: MailMessage[];
  /** What the mail server does with a message: throws, or takes it. */
  let server: (message: MailMessage) => Promise<void>;
  let logged: unknown[];

  beforeAll(async () => {
    Runtime.install({ logger: new DefaultLogger('ERROR') });
    world = createUserWorld(process.env['DATABASE_URL'] ?? '');
    environment = await startTimeSkipping();
    await ensureSearchAttributes(environment.client, 'default');
    const note = (...line: unknown[]) => void logged.push(line);
    worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue: TASK_QUEUE,
      workflowsPath: fileURLToPath(new URL('./flows.ts', import.meta.url)),
      activities: refusing(
        createUserActivities({
          ...world,
          publicUrl: 'https://shop.example',
          mailer: {
            send: async (message) => {
              await server(message);
              accepted.push(message);
            },
          },
        }),
        { log: { warn: note, error: note }, outage: 'mail_unavailable' },
      ),
    });
    running = worker.run();
  });

  afterAll(async () => {
    worker.shutdown();
    await running;
    await environment.teardown();
    await world.close();
  });

  beforeEach(() => {
    accepted = [];
    logged = [];
    server = async () => undefined;
  });

  async function reset(email: string): Promise<{ requestId: string; outcome: string; history: string }> {
    const requestId = newId();
    await world.transact((em) => requestPasswordReset({ em, cipher: world.cipher }, { id: requestId, email }));
    const handle = await environment.client.workflow.start<typeof flows.passwordReset>('passwordReset', {
      taskQueue: TASK_QUEUE,
      workflowId: passwordResetWorkflowId(requestId),
      args: [{ requestId }],
    });
    // waiting for the result does not skip time while an activity waits for its next attempt
    while ((await handle.describe()).status.name === 'RUNNING') await environment.sleep('15s');
    const outcome = await handle.result();
    return { requestId, outcome, history: JSON.stringify(readable(await handle.fetchHistory())) };
  }

  const row = async (requestId: string) =>
    (await world.sql('select * from password_resets where id = ?', [requestId]))[0];
  const tokenIn = ({ text }: MailMessage): string => /token=([\w-]{43})/.exec(text)?.[1] ?? 'none';

  test('password-reset, for an account, mails a link whose token is stored as its hash', async () => {
    const user = await world.register();
    const { requestId, outcome } = await reset(user.email);
    expect(outcome).toBe('sent');
    expect(accepted).toEqual([expect.objectContaining({ to: user.email })]);
    const [mail] = accepted as [MailMessage];
    expect(mail.text).toContain(`https://shop.example/reset-password?token=${tokenIn(mail)}`);
    await expect(row(requestId)).resolves.toMatchObject({
      status: 'sent',
      token_hash: world.tokens.hash(tokenIn(mail)),
    });
  });

  test('password-reset, for an address without an account, mails nothing', async () => {
    const { requestId, outcome } = await reset('nobody@example.com');
    expect(outcome).toBe('unknown_address');
    expect(accepted).toEqual([]);
    await expect(row(requestId)).resolves.toMatchObject({ status: 'unknown_address', token_hash: null });
  });

  test('password-reset, with the mail server down for an hour, mails once when it is back, with the stored token', async () => {
    const user = await world.register();
    const backAt = (await environment.currentTimeMs()) + 3_600_000;
    let refused = 0;
    server = async (message) => {
      if ((await environment.currentTimeMs()) >= backAt) return;
      refused += 1;
      throw new Error(`connect ECONNREFUSED while sending to ${message.to}`);
    };
    const { requestId, outcome } = await reset(user.email);
    expect(outcome).toBe('sent');
    expect(refused).toBeGreaterThan(60);
    expect(accepted).toHaveLength(1);
    const [mail] = accepted as [MailMessage];
    await expect(row(requestId)).resolves.toMatchObject({
      status: 'sent',
      token_hash: world.tokens.hash(tokenIn(mail)),
    });
  });

  test('password-reset, killed between the server’s acceptance and our record of it, says the same again', async () => {
    const user = await world.register();
    const taken: MailMessage[] = [];
    server = async (message) => {
      taken.push(message);
      if (taken.length === 1) throw new Error('the connection broke after the server had taken the message');
    };
    const { outcome } = await reset(user.email);
    expect(outcome).toBe('sent');
    expect(taken).toHaveLength(2);
    expect(taken[1]).toEqual(taken[0]);
  });

  test('password-reset, when the server will never take the mail, ends undeliverable', async () => {
    const user = await world.register();
    server = async () => {
      throw new DeliveryError('mail', 'smtp_550', true);
    };
    const { requestId, outcome } = await reset(user.email);
    expect(outcome).toBe('undeliverable');
    await expect(row(requestId)).resolves.toMatchObject({ status: 'undeliverable' });
  });

  test('password-reset, while mail fails with the address in its errors, keeps address and token out of history and log', async () => {
    const user = await world.register();
    const tokens: string[] = [];
    server = async (message) => {
      tokens.push(tokenIn(message));
      if (tokens.length < 4) throw new Error(`550 <${message.to}>: ${message.text}`);
    };
    const { history } = await reset(user.email);
    const seen = history + JSON.stringify(logged);
    expect(logged).toHaveLength(3);
    expect(seen).toContain('mail_unavailable');
    for (const secret of [user.email, user.email.split('@')[0], ...tokens]) expect(seen).not.toContain(secret);
  });

  test('confirm-email, for a new account, mails one link; a repeat of the flow’s step mails nothing more', async () => {
    const user = await world.register();
    const [request] = await world.sql<{ id: string }>('select id from email_confirmations where user_id = ?', [
      user.id,
    ]);
    const confirmationId = request?.id ?? '';
    const start = (workflowId: string) =>
      environment.client.workflow.execute<typeof flows.confirmEmail>('confirmEmail', {
        taskQueue: TASK_QUEUE,
        workflowId,
        args: [{ confirmationId }],
      });
    await expect(start(confirmEmailWorkflowId(confirmationId))).resolves.toBe('sent');
    await expect(start(`${confirmEmailWorkflowId(confirmationId)}-again`)).resolves.toBe('sent');
    expect(accepted).toEqual([expect.objectContaining({ to: user.email })]);
    expect(accepted[0]?.text).toContain('https://shop.example/confirm-email?token=');
  });
});

/** Payloads as text, so that nothing hides in base64. */
function readable(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(readable);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, readable(member)]));
}
