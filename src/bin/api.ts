/** The API process: listens until SIGTERM or SIGINT, then finishes what is in flight. */
import { createApp } from '../api/app.js';
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
import { createFlows } from '../infra/temporal/flows.js';
import { createGateways } from './gateways.js';

const config = loadConfig();
const log = createLog({ service: 'api', level: config.logLevel });
const now = systemClock;

const orm = createOrm({ ...config.database, applicationName: 'perdure-api' });
const query = createQuery(orm);
const redis = connectRedis({ url: config.redis.url, log });
const { prefix } = config.redis;
const temporal = createTemporalConnection(config.temporal);

const accessTokens = createAccessTokens({
  keys: config.authKeys,
  issuer: config.http.publicUrl,
  audience: config.http.publicUrl,
  lifetimeMs: config.auth.accessTokenMs,
  now,
});
const sessionCache = createSessionCache({ redis, prefix });

const index = config.elasticsearch === null ? null : createElasticsearchIndex(config.elasticsearch);

const app = createApp({
  config,
  transact: createTransact(orm),
  query,
  cipher: createCipher(config.encryption),
  flows: createFlows({ client: createTemporalClient(temporal, config.temporal), taskQueue: config.temporal.taskQueue }),
  passwords: createPasswordHasher(),
  accessTokens,
  secretTokens: createSecretTokens({ keys: config.encryption.keys }),
  sessionCache,
  cartCache: createCartCache({ redis, prefix }),
  rateLimiter: createRateLimiter({ redis, prefix, log }),
  search: createSearch({
    primary: index,
    fallback: createPostgresSearch(query),
    query,
    now,
    onOutage: (error) => log.warn({ error }, 'search is answered by PostgreSQL'),
  }),
  gateways: createGateways(config),
  probes: [
    { name: 'postgresql', required: true, check: async () => void (await query((em) => em.execute('select 1'))) },
    { name: 'temporal', required: true, check: async () => void (await temporal.workflowService.getSystemInfo({})) },
    { name: 'redis', required: false, check: async () => void (await redis.ping()) },
    ...(index === null ? [] : [{ name: 'elasticsearch', required: false, check: () => index.ping() }]),
  ],
  log,
  now,
});

const serving = await serve(app, { host: config.http.host, port: config.http.port, log });

const stop = async (signal: string): Promise<void> => {
  log.info({ signal }, 'stopping');
  await serving.stop();
  redis.disconnect();
  await Promise.allSettled([orm.close(true), temporal.close(), index?.close()]);
};
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => void stop(signal));
