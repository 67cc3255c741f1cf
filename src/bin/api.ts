/** The API process: listens until SIGTERM or SIGINT, then finishes what is in flight. */
import { createApp } from '../api/app.js';
import { createOperatorsApp } from '../api/operators.js';
import { serve } from '../api/serve.js';
import { loadConfig } from '../config.js';
import { systemClock } from '../domain/kernel/clock.js';
import { createPostgresSearch, createSearch } from '../domain/search/index.js';
import { createAccessTokens } from '../infra/crypto/access-tokens.js';
import { createCipher } from '../infra/crypto/aes-cipher.js';
import { createPasswordHasher } from '../infra/crypto/passwords.js';
import { createSecretTokens } from '../infra/crypto/secret-tokens.js';
import { createOrm } from '../infra/db/orm.js';
import { createQuery, createTransact } from '../infra/db/transact.js';
import { createElasticsearchIndex } from '../infra/elasticsearch/search-index.js';
import { createLog } from '../infra/log/json-log.js';
import { createCartCache } from '../infra/redis/cart-cache.js';
import { connectRedis } from '../infra/redis/client.js';
import { createRateLimiter } from '../infra/redis/rate-limiter.js';
import { createSessionCache } from '../infra/redis/session-cache.js';
import { createTemporalClient, createTemporalConnection } from '../infra/temporal/connection.js';
import { createFlowDesk } from '../infra/temporal/flow-desk.js';
import { createFlows } from '../infra/temporal/flows.js';
import { createGateways } from './gateways.js';

const config = loadConfig();
const log = createLog({ service: 'api', level: config.logLevel });
const now = systemClock;

const { metrics: told } = config;
const metrics =
  told.port === null && told.token === null
    ? null
    : (await import('../infra/prometheus/metrics.js')).createMetrics({ service: 'api' });
const traces =
  config.traces === null
    ? null
    : (await import('../infra/opentelemetry/traces.js')).createTraces({ service: 'api', ...config.traces });
const watches = [traces, metrics].filter((watch) => watch !== null);

const orm = createOrm({
  ...config.database,
  applicationName: 'perdure-api',
  watches: watches.map(({ watchDatabase }) => watchDatabase),
});
const query = createQuery(orm);
const redis = connectRedis({ url: config.redis.url, log });
const { prefix } = config.redis;
const temporal = createTemporalConnection(config.temporal);
const client = createTemporalClient(temporal, config.temporal, traces === null ? [] : [traces.plugin]);

const accessTokens = createAccessTokens({
  keys: config.authKeys,
  issuer: config.http.publicUrl,
  audience: config.http.publicUrl,
  lifetimeMs: config.auth.accessTokenMs,
  now,
});
const counted = <C extends { read(key: string): Promise<unknown> }>(name: string, cache: C): C =>
  metrics === null ? cache : metrics.countHits(name, cache);
const flows = createFlows({ client, taskQueue: config.temporal.taskQueue });

const index = config.elasticsearch === null ? null : createElasticsearchIndex(config.elasticsearch);

const probes = [
  { name: 'postgresql', required: true, check: async () => void (await query((em) => em.execute('select 1'))) },
  {
    name: 'temporal',
    required: true,
    check: async () =>
      void (await temporal.workflowService.describeNamespace({ namespace: config.temporal.namespace })),
  },
  { name: 'redis', required: false, check: async () => void (await redis.ping()) },
  ...(index === null ? [] : [{ name: 'elasticsearch', required: false, check: () => index.ping() }]),
];

const app = createApp({
  config,
  transact: createTransact(orm),
  query,
  cipher: createCipher(config.encryption),
  flows: metrics === null ? flows : metrics.countStarts(flows),
  flowDesk: createFlowDesk({ client, ...config.temporal }),
  passwords: createPasswordHasher(),
  accessTokens,
  secretTokens: createSecretTokens({ keys: config.encryption.keys }),
  sessionCache: counted('session', createSessionCache({ redis, prefix })),
  cartCache: counted('cart', createCartCache({ redis, prefix })),
  rateLimiter: createRateLimiter({ redis, prefix, log }),
  search: createSearch({
    primary: index,
    fallback: createPostgresSearch(query),
    query,
    now,
    onOutage: (error) => log.warn({ error }, 'search is answered by PostgreSQL'),
  }),
  gateways: createGateways(config),
  probes,
  watch: watches.map(({ watchRequest }) => watchRequest),
  ...(metrics === null || told.token === null ? {} : { metrics: { source: metrics, token: told.token } }),
  log,
  now,
});

const serving = await serve(app, { host: config.http.host, port: config.http.port, log });
const operators =
  metrics === null || told.port === null
    ? null
    : await serve(createOperatorsApp({ metrics, probes, log, now }), { host: told.host, port: told.port, log });

const stop = async (signal: string): Promise<void> => {
  log.info({ signal }, 'stopping');
  await serving.stop();
  await operators?.stop(1_000);
  redis.disconnect();
  await Promise.allSettled([orm.close(true), temporal.close(), index?.close(), traces?.close()]);
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
