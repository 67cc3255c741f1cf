/** A worker process: runs flows and activities, and relays the outbox, until SIGTERM or SIGINT; then it drains. */
import { createActivities } from '../activities/index.js';
import { createOperatorsApp } from '../api/operators.js';
import { serve } from '../api/serve.js';
import { loadConfig } from '../config.js';
import { readPiece } from '../domain/catalogue/index.js';
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
import { createRuntimeFigures } from '../infra/temporal/runtime-figures.js';
import { connectWorker, createWorker, installRuntime } from '../infra/temporal/worker.js';
import { createVonageMessenger } from '../infra/vonage/messenger.js';
import { createGateways, createStatements } from './gateways.js';

/** An import gives others a turn after this long. */
const IMPORT_SLICE_MS = 20_000;

const config = loadConfig();
const log = createLog({ service: 'worker', level: config.logLevel });
const { namespace, taskQueue, dormantPatches } = config.temporal;
const stop = new AbortController();
let asked = false;
for (const signal of ['SIGTERM', 'SIGINT'] as const)
  process.once(signal, () => {
    log.info({ signal }, 'stopping');
    asked = true;
    stop.abort();
  });

const { metrics: told } = config;
const figures = told.port === null ? null : await createRuntimeFigures();
const metrics =
  figures === null
    ? null
    : (await import('../infra/prometheus/metrics.js')).createMetrics({ service: 'worker', also: figures.text });
installRuntime(log, figures?.telemetry);
const traces =
  config.traces === null
    ? null
    : (await import('../infra/opentelemetry/traces.js')).createTraces({ service: 'worker', ...config.traces });
const plugins = traces === null ? [] : [traces.plugin];
const orm = createOrm({
  ...config.database,
  applicationName: 'perdure-worker',
  watches: [traces, metrics].filter((watch) => watch !== null).map(({ watchDatabase }) => watchDatabase),
});
const transact = createTransact(orm);
const query = createQuery(orm);
const mailer = createSmtpMailer(config.smtp);
const index = config.elasticsearch === null ? null : createElasticsearchIndex(config.elasticsearch);

/** What must end before the database does, the last opened first. */
const opened: (() => Promise<unknown>)[] = [];

try {
  const connection = await connectWorker(config.temporal, {
    signal: stop.signal,
    onWaiting: () => log.warn({}, 'waiting for Temporal'),
  });
  opened.push(() => connection.close());
  const client = createTemporalClient(connection, config.temporal, plugins);
  await ensureSearchAttributes(client, namespace);
  await ensureSchedules(client, taskQueue);
  const uncounted = createFlows({ client, taskQueue });
  const flows = metrics === null ? uncounted : metrics.countStarts(uncounted);
  const activities = createActivities({
    transact,
    query,
    cipher: createCipher(config.encryption),
    tokens: createSecretTokens({ keys: config.encryption.keys }),
    gateways: createGateways(config),
    statements: createStatements(config),
    mailer,
    messenger: createVonageMessenger(config.vonage),
    flows,
    index,
    source: createLineSource((importId, number) => query((em) => readPiece(em, importId, number))),
    currency: config.shop.currency,
    pricesIncludeTax: config.shop.pricesIncludeTax,
    reservationMs: config.checkout.reservationMs,
    warningMs: config.checkout.holdWarningMs,
    publicUrl: config.http.publicUrl,
    alertMail: config.stockAlertMail,
    sliceMs: IMPORT_SLICE_MS,
    stopping: stop.signal,
    now: systemClock,
    log,
  });
  const worker = await createWorker({
    connection,
    namespace,
    taskQueue,
    activities,
    workflows: workflowSource({ bundled: traces === null }),
    plugins,
    databasePool: config.database.poolMax,
    dormantPatches,
  });
  const outbox = createOutbox({ transact, query });
  metrics?.gaugeOutbox(outbox.lag);
  const operators =
    metrics === null || told.port === null
      ? null
      : await serve(
          createOperatorsApp({
            metrics,
            probes: [
              {
                name: 'postgresql',
                required: true,
                check: async () => void (await query((em) => em.execute('select 1'))),
              },
              {
                name: 'temporal',
                required: true,
                check: async () => void (await connection.workflowService.describeNamespace({ namespace })),
              },
            ],
            log,
            now: systemClock,
          }),
          { host: told.host, port: told.port, log },
        );
  if (operators !== null) opened.push(() => operators.stop(1_000));
  const relay = createOutboxRelay({ outbox, flows, log });
  const relaying = relay.run(stop.signal);
  opened.push(() => relaying);
  log.info({ task_queue: taskQueue }, 'working');
  if (dormantPatches.length > 0) log.warn({ patches: dormantPatches }, 'patches of flows sleep');
  await worker.runUntil(aborted(stop.signal)).finally(() => stop.abort());
} catch (error) {
  // nobody restarts a worker that fails and goes on answering
  if (!asked) throw error;
} finally {
  for (const end of opened.toReversed())
    await end().catch((error: unknown) => log.warn({ error }, 'could not be stopped'));
  mailer.close();
  await index?.close();
  await orm.close(true);
  await traces?.close();
  log.info({}, 'stopped');
}
