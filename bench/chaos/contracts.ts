/** What can go wrong, one after another or at once. */
export const FAULT_KINDS = [
  'kill-api',
  'kill-worker',
  'kill-postgres',
  'kill-redis',
  'kill-elasticsearch',
  'kill-temporal',
  'kill-mail',
  'kill-stripe',
  'kill-vonage',
  'kill-tree',
  'freeze-api',
  'freeze-worker',
  'freeze-postgres',
  'freeze-temporal',
  'provider-slow',
  'provider-times-out',
  'provider-errors',
  'webhooks-lost',
  'webhooks-doubled',
  'webhooks-reordered',
  'roll-worker',
  'roll-back-worker',
  'clock-off',
  'disk-full',
  'pool-exhausted',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** A fault from its start to when what it hurt answers again. Milliseconds since the run began. */
export interface FaultSpan {
  readonly kind: FaultKind;
  /** Which process, e.g. `api-2`. */
  readonly target: string;
  /** For people, e.g. "frozen for 12 s". */
  readonly what: string;
  readonly fromMs: number;
  /** Not there while it lasts. */
  readonly untilMs?: number;
}

/** The shop that is hurt, as shoppers and the report see it. */
export interface Stage {
  /** The balancer before the API's processes. */
  readonly origin: string;
  /** What our processes are started with: DATABASE_URL, REDIS_URL, TEMPORAL_ADDRESS, STRIPE_API_URL, ... */
  readonly env: Readonly<Record<string, string>>;
}

/** How a call ended: as wanted, refused for a reason of the shop's, 503, another 5xx, cut off, or without an answer in time. */
export type CallEnd = 'ok' | 'refused' | 'unavailable' | 'error' | 'cut' | 'late';

/** One call of a shopper. Milliseconds, `atMs` since the run began. */
export interface CallRecord {
  /** Method and path template, e.g. `POST /checkout`. */
  readonly call: string;
  readonly atMs: number;
  readonly ms: number;
  readonly end: CallEnd;
  readonly status?: number;
  /** The refusal's code. */
  readonly code?: string;
}
