import { DomainError } from '../kernel/errors.js';

/**
 * The life of an order. `confirmed` means captured (or accepted for payment on delivery). One that is `refunded` goes back to
 * where it was only when the money comes back (`reopenOrder`).
 */
const NEXT = {
  pending: ['confirmed', 'cancelled', 'failed'],
  confirmed: ['shipped', 'cancelled', 'refunded'],
  shipped: ['delivered', 'returned', 'refunded'],
  delivered: ['returned', 'refunded'],
  returned: ['refunded'],
  cancelled: ['refunded'],
  refunded: [],
  failed: [],
} as const satisfies Record<string, readonly string[]>;

export type OrderStatus = keyof typeof NEXT;

export const mayBecome = (from: OrderStatus, to: OrderStatus): boolean =>
  (NEXT[from] as readonly string[]).includes(to);

/** From which an order may become this. */
export const statusesBefore = (to: OrderStatus): OrderStatus[] =>
  (Object.keys(NEXT) as OrderStatus[]).filter((from) => mayBecome(from, to));

/** @throws DomainError `invalid_transition` */
export function assertMayBecome(from: OrderStatus, to: OrderStatus): void {
  if (!mayBecome(from, to))
    throw new DomainError('invalid_transition', `an order that is ${from} cannot become ${to}`, { from, to });
}
