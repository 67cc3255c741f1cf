import type { Money } from '../kernel/money.js';
import type {
  AuthoriseOutcome,
  CaptureOutcome,
  FoundRefund,
  PaymentEvent,
  RefundOutcome,
  VoidOutcome,
} from './types.js';

/** All parameters of an authorisation: a repeat with the same key must send the same ones. */
export interface AuthoriseRequest {
  /** Same key, same request: checkout id, step and logical attempt. */
  readonly key: string;
  readonly checkoutId: string;
  readonly attempt: number;
  readonly amount: Money;
  /** The provider's payment method id (`pm_...`), where the client made one. */
  readonly paymentMethod: string | null;
}

/** What a gateway takes. A checkout outside of it is refused before anyone is asked. */
export interface PaymentLimits {
  /** What clients may pay with, e.g. `card`. */
  readonly methods: readonly string[];
  /** ISO 3166; null: everywhere, empty: nowhere any more. */
  readonly countries: readonly string[] | null;
  /** The least and the most it takes at once, in minor units; null for a currency it does not take. */
  range(currency: string): { readonly least: number; readonly most: number } | null;
}

/**
 * The money's way in and out. Adapters never throw for a decline or an outage: both are outcomes. They do throw where
 * only an operator can help, as with a revoked key or a request the provider does not understand.
 *
 * `authorise`, `retrieve` and `find` bind what they find to the request: an intent that is not this checkout's is `declined`
 * with reason `foreign_intent` and without its id, one that holds or took another amount with `amount_mismatch`.
 */
export interface PaymentGateway {
  readonly provider: string;
  readonly limits: PaymentLimits;
  /**
   * `unknown` with reason `replayed_500` or `idempotency_mismatch` means that this key will never have another answer: `find`
   * the attempt, and where there is none begin a new one. After any other `unknown`, repeat with the same key.
   */
  authorise(request: AuthoriseRequest): Promise<AuthoriseOutcome>;
  /** What became of an intent; `unknown` where the provider cannot say (`resource_missing`: it has no such intent). */
  retrieve(intentId: string, request: AuthoriseRequest): Promise<AuthoriseOutcome>;
  /**
   * Finds the intent of an attempt whose answer was lost, by listing what was created from `since`, when the attempt
   * began, to `until`, when its last call was made, and matching metadata; clocks have a margin. Null: the provider has none.
   */
  find(request: AuthoriseRequest, since: Date, until: Date): Promise<AuthoriseOutcome | null>;
  /** The secret with which the customer's browser acts on the intent; read on demand, never stored. */
  clientSecret(intentId: string): Promise<string>;
  /**
   * Also for `void`: an intent that the provider says it does not have is `unknown`, since its id came from there: our key is
   * for another account.
   */
  capture(request: {
    readonly key: string;
    readonly intentId: string;
    readonly amount: Money;
  }): Promise<CaptureOutcome>;
  /** Idempotent; an intent that is void already is `voided`. */
  void(request: { readonly key: string; readonly intentId: string }): Promise<VoidOutcome>;
  /** At most one refund for a key, however long ago it was first used. */
  refund(request: {
    readonly key: string;
    readonly intentId: string;
    readonly amount: Money;
    readonly reason: string;
  }): Promise<RefundOutcome>;
  /** All refunds of an intent as they are now; null where the provider cannot say. */
  refundsOf(intentId: string): Promise<FoundRefund[] | null>;
  /** Verifies the signature over the raw body; throws DomainError `bad_request` when it does not hold. */
  parseEvent(rawBody: Buffer, signature: string): PaymentEvent;
}

/** What a provider has written down of one payment. Ids and amounts only. */
export interface PaymentStatement {
  readonly intentId: string;
  /** By the provider's clock. */
  readonly createdAt: Date;
  /** From its metadata: whose it says it is. */
  readonly checkoutId: string | null;
  /** `payable`: its client secret could still pay it. `held`: authorised and neither taken nor given back. */
  readonly state: 'payable' | 'processing' | 'held' | 'captured' | 'void';
  /** Money that moved for sure, each with the provider's id of it. */
  readonly movements: readonly {
    readonly type: 'capture' | 'refund';
    readonly reference: string;
    readonly amount: Money;
  }[];
}

/** A provider's own books, for comparing ours with them. */
export interface PaymentStatements {
  readonly provider: string;
  /**
   * Payments that were created from `since` on, newest first, then older ones that gave money back since.
   * @throws when the provider does not answer
   */
  list(since: Date): AsyncIterable<PaymentStatement>;
}
