import { randomBytes } from 'node:crypto';
import { createApp } from '../../src/api/app.js';
import type { ApiDeps } from '../../src/api/deps.js';
import { serve } from '../../src/api/serve.js';
import { notFound } from '../../src/domain/kernel/errors.js';
import { newId } from '../../src/domain/kernel/ids.js';
import { createPostgresSearch, createSearch } from '../../src/domain/search/index.js';
import { createAccessTokens } from '../../src/infra/crypto/access-tokens.js';
import { createCipher, type Key } from '../../src/infra/crypto/aes-cipher.js';
import { createPasswordHasher } from '../../src/infra/crypto/passwords.js';
import { createSecretTokens } from '../../src/infra/crypto/secret-tokens.js';
import { createOrm } from '../../src/infra/db/orm.js';
import { createQuery, createTransact } from '../../src/infra/db/transact.js';
import { createLog } from '../../src/infra/log/json-log.js';
import { createCartCache } from '../../src/infra/redis/cart-cache.js';
import { connectRedis } from '../../src/infra/redis/client.js';
import { createRateLimiter } from '../../src/infra/redis/rate-limiter.js';
import { createSessionCache } from '../../src/infra/redis/session-cache.js';
import type { FlowDesk, Flows } from '../../src/workflows/contracts.js';
import { freshDatabase } from './database.js';
import { serviceUrl } from './services.js';
import { createShop } from './shop.js';

export interface Answer<T> {
  readonly status: number;
  readonly headers: Headers;
  readonly body: T;
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ErrorBody {
  readonly error: {
    readonly code: string;
    readonly message: string;
    readonly details: readonly { readonly field: string; readonly message: string }[];
    readonly data?: Readonly<Record<string, unknown>>;
    readonly request_id: string;
    readonly timestamp: string;
  };
}

type Change = Omit<Partial<ApiDeps>, 'config'> & { readonly config?: Partial<ApiDeps['config']> };

/** The API on a database of its own and a free port, with what tests need to fill and ask it. */
export async function openApp(change: Change = {}) {
  const database = await freshDatabase();
  const lines: string[] = [];
  const log = createLog({ service: 'api', level: 'debug', destination: { write: (line) => void lines.push(line) } });
  const orm = createOrm({ url: database.url, poolMax: 8 });
  const query = createQuery(orm);
  const redis = connectRedis({ url: serviceUrl('redis'), log });
  if (redis.status !== 'ready') await new Promise((resolve) => redis.once('ready', resolve));
  const prefix = `test:${newId()}:`;
  const keys: [Key] = [{ id: 'k1', secret: randomBytes(32) }];
  const accessTokens = createAccessTokens({
    keys,
    issuer: 'perdure',
    audience: 'perdure',
    lifetimeMs: 900_000,
    now: () => new Date(),
  });
  const { config, ...others } = change;

  const deps: ApiDeps = {
    transact: createTransact(orm),
    query,
    cipher: createCipher({ keys, blindIndexKey: randomBytes(32) }),
    flows: noFlows(),
    flowDesk: noDesk(),
    passwords: createPasswordHasher(),
    accessTokens,
    secretTokens: createSecretTokens({ keys }),
    sessionCache: createSessionCache({ redis, prefix }),
    cartCache: createCartCache({ redis, prefix }),
    rateLimiter: createRateLimiter({ redis, prefix, log }),
    search: createSearch({
      primary: null,
      fallback: createPostgresSearch(query),
      query,
      now: () => new Date(),
      onOutage: () => undefined,
    }),
    gateways: new Map(),
    probes: [],
    log,
    now: () => new Date(),
    ...others,
    config: {
      environment: 'test',
      http: {
        host: '127.0.0.1',
        port: 0,
        publicUrl: 'http://127.0.0.1',
        trustedProxies: 0,
        corsOrigins: [],
        rateLimits: false,
      },
      shop: { currency: 'USD', pricesIncludeTax: false },
      checkout: { reservationMs: 900_000, holdMs: 300_000, holdWarningMs: 60_000 },
      auth: { accessTokenMs: 900_000 },
      temporal: { address: '', namespace: 'default', uiUrl: null, dormantPatches: [], taskQueue: 'test' },
      ...config,
    },
  };
  const serving = await serve(createApp(deps), { host: '127.0.0.1', port: 0, log });
  const origin = `http://127.0.0.1:${serving.port}`;
  const shop = createShop(query);

  async function call<T = ErrorBody>(
    method: string,
    path: string,
    { body, headers = {} }: CallOptions = {},
  ): Promise<Answer<T>> {
    const response = await fetch(
      `${origin}${path.startsWith('/api/') || path.startsWith('/health') ? path : `/api/v1${path}`}`,
      {
        method,
        headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      },
    );
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? undefined : JSON.parse(text)) as T,
    };
  }

  return {
    origin,
    deps,
    shop,
    redis,
    prefix,
    serving,
    call,
    /** The log so far, parsed. */
    logged: (): Record<string, unknown>[] => lines.map((line) => JSON.parse(line) as Record<string, unknown>),

    /** A user with the header of a live session. */
    async login(user: Parameters<typeof shop.user>[0] = {}) {
      const userId = await shop.user(user);
      const token = accessTokens.issue({ userId, sessionId: await shop.session(userId) });
      return { userId, headers: { Authorization: `Bearer ${token}` } };
    },

    async close(): Promise<void> {
      await serving.stop(1_000);
      redis.disconnect();
      await orm.close(true);
      await database.drop();
    },
  };
}

export type TestApp = Awaited<ReturnType<typeof openApp>>;

/** For tests whose requests look at no flow. */
function noDesk(): FlowDesk {
  const unknown = () => Promise.reject(notFound('flow'));
  return { list: async () => ({ data: [], nextCursor: null }), retry: unknown, cancel: unknown };
}

/** For tests whose requests start no flow. */
function noFlows(): Flows {
  const refuse = (): never => {
    throw new Error('this test expects no flow');
  };
  return { start: refuse, checkoutOutcome: refuse, signal: refuse, update: refuse, state: refuse };
}
