/** A worker process: runs flows and activities, and relays the outbox, until SIGTERM or SIGINT; then it drains. */
import { createNotificationActivities } from '../activities/notifications.js';
import { refusing } from '../activities/failures.js';
import { loadConfig } from '../config.js';
import { createOutbox } from '../domain/outbox/index.js';
import { createCipher } from '../infra/crypto/aes-cipher.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createLog } from '../infra/log/json-log.js';
import { createSmtpMailer } from '../infra/smtp/mailer.js';
import { workflowSource } from '../infra/temporal/bundle.js';
import { createTemporalClient } from '../infra/temporal/connection.js';
import { createFlows } from '../infra/temporal/flows.js';
import { ensureSchedules, ensureSearchAttributes } from '../infra/temporal/namespace.js';
import { createOutboxRelay } from '../infra/temporal/outbox-relay.js';
import { aborted } from '../infra/temporal/pause.js';
import { connectWorker, createWorker, installRuntime } from '../infra/temporal/worker.js';
import { createVonageMessenger } from '../infra/vonage/messenger.js';

const config = loadConfig();
const log = createLog({ service: 'worker', level: config.logLevel });
const { namespace, taskQueue } = config.temporal;
const stop = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ signal }, 'stopping');
    stop.abort();
  });

installRuntime(log);
const orm = createOrm({ ...config.database, applicationName: 'perdure-worker' });
const transact = createTransact(orm);
const query = createQuery(orm);
const mailer = createSmtpMailer(config.smtp);
const messenger = createVonageMessenger({ ...config.vonage, apiUrl: config.vonage.apiUrl ?? undefined });
const cipher = createCipher(config.encryption);

const activities = {
  ...refusing(createNotificationActivities({ transact, query, cipher, mailer, messenger }), { log }),
};

try {
  const connection = await connectWorker(config.temporal, {
    signal: stop.signal,
    onWaiting: () => log.warn({}, 'waiting for Temporal'),
  });
  const client = createTemporalClient(connection, config.temporal);
  await ensureSearchAttributes(client, namespace);
  await ensureSchedules(client, taskQueue);
  const worker = await createWorker({
    connection,
    namespace,
    taskQueue,
    activities,
    workflows: workflowSource(),
    databasePool: config.database.poolMax,
  });
  const relay = createOutboxRelay({ outbox: createOutbox({ transact, query }), flows: createFlows({ client, taskQueue }), log });
  const relaying = relay.run(stop.signal);
  log.info({ task_queue: taskQueue }, 'working');
  await worker.runUntil(aborted(stop.signal)).finally(() => stop.abort());
  await relaying;
  await connection.close();
  log.info({}, 'stopped');
} catch (error) {
  if (!stop.signal.aborted) throw error;
} finally {
  mailer.close();
  await orm.close(true);
}
