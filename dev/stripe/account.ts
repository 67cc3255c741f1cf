import { randomBytes } from 'node:crypto';
import type Stripe from 'stripe';
import type { Store } from './store.js';

export type MovementType = 'authorise' | 'capture' | 'void' | 'refund' | 'refund_reversal';

/** One simulated Stripe account: what its endpoints work on. */
export interface Account {
  readonly store: Store;
  readonly now: () => Date;
  readonly baseUrl: () => string;
  /** Records what happened to an object, as it is now; webhooks go out after the commit. */
  emit(type: string, object: object): void;
  /** Records a movement of money; the ledger is nothing but these. */
  move(type: MovementType, intent: Stripe.PaymentIntent, amount: number): void;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export function newId(prefix: string, length = 24): string {
  return `${prefix}_${[...randomBytes(length)].map((byte) => ALPHABET[byte % ALPHABET.length]).join('')}`;
}

export const seconds = (at: Date): number => Math.floor(at.getTime() / 1000);

/** The id of something that may have been expanded. */
export const idOf = (value: string | { id: string } | null | undefined): string | null =>
  value === null || value === undefined ? null : typeof value === 'string' ? value : value.id;
