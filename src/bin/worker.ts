/** A worker process: runs flows and activities, and relays the outbox, until SIGTERM or SIGINT; then it drains. */
import { createActivities } from '../activities/index.js';
import { loadConfig } from '../config.js';
import { systemClock } from '../domain/kernel/clock.js';
import { createOutbox } from '../domain/outbox/index.js';
import { createCipher } from '../infra/crypto/aes-cipher.js';
import { createSecretTokens } from '../infra/crypto/secret-tokens.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createElasticsearchIndex } from '../infra/elasticsearch/search-index.js';
import { createLineSource } from '../infra/files/line-source.js';
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
import { createGateways } from './gateways.js';

/** An import gives others a turn after this long. */
const IMPORT_SLICE_MS = 20_000;

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
const index = config.elasticsearch === null ? null : createElasticsearchIndex(config.elasticsearch);

try {
  const connection = await connectWorker(config.temporal, {
    signal: stop.signal,
    onWaiting: () => log.warn({}, 'waiting for Temporal'),
  });
  const client = createTemporalClient(connection, config.temporal);
  await ensureSearchAttributes(client, namespace);
  await ensureSchedules(client, taskQueue);
  const flows = createFlows({ client, taskQueue });
  const activities = createActivities({
    transact,
    query,
    cipher: createCipher(config.encryption),
    tokens: createSecretTokens({ keys: config.encryption.keys }),
    gateways: createGateways(config),
    mailer,
    messenger: createVonageMessenger(config.vonage),
    flows,
    index,
    source: createLineSource(),
    currency: config.shop.currency,
    pricesIncludeTax: config.shop.pricesIncludeTax,
    reservationMs: config.checkout.reservationMs,
    warningMs: config.checkout.holdWarningMs,
    publicUrl: config.http.publicUrl,
    sliceMs: IMPORT_SLICE_MS,
    now: systemClock,
    log,
  });
  const worker = await createWorker({
    connection,
    namespace,
    taskQueue,
    activities,
    workflows: workflowSource(),
    databasePool: config.database.poolMax,
  });
  const relay = createOutboxRelay({ outbox: createOutbox({ transact, query }), flows, log });
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
  await index?.close();
  await orm.close(true);
}
