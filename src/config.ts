import { z } from 'zod';
import type { Key } from './infra/crypto/aes-cipher.js';
import { PATCHES, type Patch } from './workflows/patches.js';

const SECONDS = 1_000;
const MINUTES = 60 * SECONDS;

const url = z.url();
const port = z.coerce.number().int().min(1).max(65_535);
const duration = (fallbackMs: number) => z.coerce.number().int().positive().default(fallbackMs);
const list = z.string().transform((text) =>
  text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
/** A name that no flow asks for would change nothing, and nobody would see it. */
const patches = list.pipe(
  z.array(z.custom<Patch>((name) => PATCHES.some((known) => known === name), 'must name patches that the flows know')),
);
const secret32 = z
  .string()
  .transform((text) => Buffer.from(text, 'base64url'))
  .refine((bytes) => bytes.length === 32, 'must be 32 bytes in base64url');

/** `id:secret,id:secret`, secrets of 32 bytes in base64url; the first one is used for new values. */
const keyRing = list.transform((items, context): [Key, ...Key[]] => {
  const keys = items.map((item): Key => {
    const [id = '', text = ''] = item.split(':');
    return { id, secret: Buffer.from(text, 'base64url') };
  });
  const [first, ...rest] = keys;
  if (first === undefined || keys.some((key) => !/^[\w-]{1,32}$/.test(key.id) || key.secret.length !== 32)) {
    context.addIssue({ code: 'custom', message: 'must be id:secret pairs with secrets of 32 bytes in base64url' });
    return z.NEVER;
  }
  return [first, ...rest];
});

const Environment = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),

  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  PUBLIC_URL: url.default('http://127.0.0.1:3000'),
  /** Number of proxies in front whose X-Forwarded-For entries are believed. */
  TRUSTED_PROXIES: z.coerce.number().int().min(0).default(0),
  CORS_ORIGINS: list.default([]),

  /** Where health and figures are told to operators; without a port they are not. */
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_PORT: port.optional(),
  /** Opens /metrics of the API to who sends it as a bearer token. */
  METRICS_TOKEN: z.string().min(16).optional(),
  /** Where traces are sent, as OTLP over HTTP; without it none are made. */
  OTEL_EXPORTER_OTLP_ENDPOINT: url.optional(),

  DATABASE_URL: url,
  DATABASE_POOL: z.coerce.number().int().min(1).default(10),
  REDIS_URL: url,
  REDIS_PREFIX: z.string().default('perdure:'),
  ELASTICSEARCH_URL: url.optional(),
  ELASTICSEARCH_INDEX: z.string().default('perdure-products'),
  TEMPORAL_ADDRESS: z.string(),
  TEMPORAL_NAMESPACE: z.string().default('default'),
  TEMPORAL_UI_URL: url.optional(),
  TEMPORAL_TASK_QUEUE: z.string().default('perdure'),
  /** Changes of flows that those which have not met them yet do without; comma separated. */
  DORMANT_PATCHES: patches.default([]),

  SMTP_URL: url,
  MAIL_FROM: z.string(),
  /** Who of the staff is told of low stock; without it the alerts are only kept. */
  STOCK_ALERT_MAIL: z.email().optional(),
  STRIPE_SECRET_KEY: z.string(),
  /** Comma separated while the secret is being rotated. */
  STRIPE_WEBHOOK_SECRET: list,
  STRIPE_API_URL: url.optional(),
  /** ISO 3166 codes, comma separated: where one may pay on delivery. Empty: nowhere. */
  ON_DELIVERY_COUNTRIES: list.pipe(z.array(z.string().regex(/^[A-Z]{2}$/))).default([]),
  /** The most that may be paid on delivery, in minor units. */
  ON_DELIVERY_MOST: z.coerce.number().int().positive().default(50_000),
  VONAGE_API_KEY: z.string(),
  VONAGE_API_SECRET: z.string(),
  VONAGE_API_URL: url.optional(),
  VONAGE_FROM: z.string().default('Perdure'),

  AUTH_KEYS: keyRing,
  ENCRYPTION_KEYS: keyRing,
  BLIND_INDEX_KEY: secret32,

  /** What development's inbox and the SMS provider's simulator have received, for the audit. */
  INBOX_URL: url.optional(),
  SMS_LOG_URL: url.optional(),

  SHOP_CURRENCY: z.string().length(3).default('USD'),
  /** Whether catalogue prices contain tax. */
  SHOP_PRICES: z.enum(['net', 'gross']).default('net'),
  CHECKOUT_RESERVATION_MS: duration(15 * MINUTES),
  CART_HOLD_MS: duration(5 * MINUTES),
  CART_HOLD_WARNING_MS: duration(1 * MINUTES),
  ACCESS_TOKEN_MS: duration(15 * MINUTES),
  RATE_LIMITS: z.enum(['on', 'off']).default('on'),
});

const Temporal = Environment.pick({
  TEMPORAL_ADDRESS: true,
  TEMPORAL_NAMESPACE: true,
  TEMPORAL_UI_URL: true,
  TEMPORAL_TASK_QUEUE: true,
  DORMANT_PATCHES: true,
});

export interface Config extends Readonly<ReturnType<typeof shape>> {}

/** @throws Error naming every bad key, never a value */
export function loadConfig(env: Readonly<Record<string, string | undefined>> = process.env): Config {
  return shape(parse(Environment, env));
}

/** For programs that only speak to Temporal and have to run where nothing else is known. `over` comes before the environment. */
export function loadTemporalConfig(
  over: Readonly<Record<string, string | undefined>> = {},
  env: Readonly<Record<string, string | undefined>> = process.env,
): Config['temporal'] {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  return temporal(parse(Temporal, { ...env, ...Object.fromEntries(given) }));
}

/**
 * For PostgreSQL's own programs, which run where nothing else may be known: the address without its password, which goes by
 * their environment, so that no list of processes shows it.
 */
export function loadProgramsConfig(env: Readonly<Record<string, string | undefined>> = process.env): {
  readonly address: string;
  readonly env: Readonly<Record<string, string | undefined>>;
} {
  const address = new URL(parse(Environment.pick({ DATABASE_URL: true }), env).DATABASE_URL);
  const password = decodeURIComponent(address.password);
  address.password = '';
  return { address: address.href, env: { ...env, ...(password === '' ? {} : { PGPASSWORD: password }) } };
}

function parse<S extends z.ZodObject>(schema: S, env: Readonly<Record<string, string | undefined>>): z.output<S> {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = schema.safeParse(present);
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${reason(issue)}`);
    throw new Error(`bad configuration: ${[...new Set(problems)].join('; ')}`);
  }
  return parsed.data;
}

const reason = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_type'
    ? 'is missing or of the wrong type'
    : issue.code === 'custom'
      ? issue.message
      : 'is not valid';

function shape(env: z.output<typeof Environment>) {
  return {
    environment: env.NODE_ENV,
    logLevel: env.LOG_LEVEL,
    http: {
      host: env.HOST,
      port: env.PORT,
      publicUrl: env.PUBLIC_URL.replace(/\/$/, ''),
      trustedProxies: env.TRUSTED_PROXIES,
      corsOrigins: env.CORS_ORIGINS,
      rateLimits: env.RATE_LIMITS === 'on',
    },
    metrics: { host: env.METRICS_HOST, port: env.METRICS_PORT ?? null, token: env.METRICS_TOKEN ?? null },
    traces: env.OTEL_EXPORTER_OTLP_ENDPOINT === undefined ? null : { endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT },
    database: { url: env.DATABASE_URL, poolMax: env.DATABASE_POOL },
    redis: { url: env.REDIS_URL, prefix: env.REDIS_PREFIX },
    elasticsearch:
      env.ELASTICSEARCH_URL === undefined ? null : { url: env.ELASTICSEARCH_URL, alias: env.ELASTICSEARCH_INDEX },
    temporal: temporal(env),
    stockAlertMail: env.STOCK_ALERT_MAIL ?? null,
    smtp: { url: env.SMTP_URL, from: env.MAIL_FROM },
    stripe: {
      secretKey: env.STRIPE_SECRET_KEY,
      webhookSecrets: env.STRIPE_WEBHOOK_SECRET,
      ...(env.STRIPE_API_URL === undefined ? {} : { apiUrl: env.STRIPE_API_URL }),
    },
    onDelivery: { countries: env.ON_DELIVERY_COUNTRIES, most: env.ON_DELIVERY_MOST },
    vonage: {
      apiKey: env.VONAGE_API_KEY,
      apiSecret: env.VONAGE_API_SECRET,
      from: env.VONAGE_FROM,
      ...(env.VONAGE_API_URL === undefined ? {} : { apiUrl: env.VONAGE_API_URL }),
    },
    development: { inboxUrl: env.INBOX_URL ?? null, textLogUrl: env.SMS_LOG_URL ?? null },
    authKeys: env.AUTH_KEYS,
    encryption: { keys: env.ENCRYPTION_KEYS, blindIndexKey: env.BLIND_INDEX_KEY },
    shop: { currency: env.SHOP_CURRENCY, pricesIncludeTax: env.SHOP_PRICES === 'gross' },
    checkout: {
      reservationMs: env.CHECKOUT_RESERVATION_MS,
      holdMs: env.CART_HOLD_MS,
      holdWarningMs: env.CART_HOLD_WARNING_MS,
    },
    auth: { accessTokenMs: env.ACCESS_TOKEN_MS },
  };
}

function temporal(env: z.output<typeof Temporal>) {
  return {
    address: env.TEMPORAL_ADDRESS,
    namespace: env.TEMPORAL_NAMESPACE,
    uiUrl: env.TEMPORAL_UI_URL ?? null,
    taskQueue: env.TEMPORAL_TASK_QUEUE,
    dormantPatches: env.DORMANT_PATCHES,
  };
}
