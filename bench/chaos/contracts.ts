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

/** How the shop is set up for a run: holds that end while somebody still looks, and all load from one address. */
export const SHOP_SETTINGS: Readonly<Record<string, string>> = {
  CHECKOUT_RESERVATION_MS: '60000',
  CART_HOLD_MS: '60000',
  CART_HOLD_WARNING_MS: '20000',
  ON_DELIVERY_COUNTRIES: 'US',
  ON_DELIVERY_MOST: '10000000',
  RATE_LIMITS: 'off',
};

/** What the shop has told a shopper, and must keep to. */
export interface Told {
  readonly what:
    | 'accepted'
    | 'placed'
    | 'declined'
    | 'expired'
    | 'cancelled'
    | 'refused'
    | 'order_cancelling'
    | 'order_cancelled'
    | 'refund_accepted'
    | 'refunded'
    | 'reset_accepted';
  readonly checkoutId?: string;
  readonly orderId?: string;
  readonly refundId?: string;
  /** Minor units: the order's total, or what a refund gives back. */
  readonly amount?: number;
}

/** One visit of one shopper, kept until the end. */
export interface VisitRecord {
  readonly habit: string;
  readonly shopper: number;
  /** Each visit is another person's. */
  readonly email: string;
  readonly phone: string;
  /** How many orders this person meant to have at the most. */
  readonly wanted: number;
  readonly told: readonly Told[];
  /** Where patience ended. */
  readonly gaveUp?: string;
}

/** An answer that no habit can explain. */
export interface Surprise {
  readonly atMs: number;
  readonly habit: string;
  readonly call: string;
  readonly what: string;
  readonly requestId?: string;
}

/** Who shops meanwhile. */
export interface Crowd {
  /** Lets nobody new in and waits until those inside have gone. */
  stop(): Promise<void>;
  visits(): readonly VisitRecord[];
  /** How many, and the first ones. */
  surprises(): { readonly count: number; readonly first: readonly Surprise[] };
}

export interface CrowdOptions {
  readonly seed: number;
  readonly shoppers: number;
  readonly record: (call: CallRecord) => void;
  /** `performance.now()` when the run began. */
  readonly startedAt: number;
}
