import { written, type PaymentStatement } from '../payments/index.js';
import type { Action, Figures, Sighting } from './types.js';

/** What we have of a payment that a provider tells of. */
export interface OurSide {
  readonly checkout: string | null;
  /** The order that is paid by this very payment. */
  readonly order: string | null;
  readonly status: string | null;
  readonly amount: number | null;
  readonly currency: string | null;
  /** Its checkout has ended, paid or not, and nothing moved of late. */
  readonly atRest: boolean;
  /** The checkout that it names, where the database knew it before it went back to an earlier time. */
  readonly lost: string | null;
  /** The ledger's movements of it: `capture ch_1 500 USD`. */
  readonly booked: readonly string[];
}

type Movement = PaymentStatement['movements'][number];

const sum = (movements: readonly Movement[], type: Movement['type']): number =>
  movements.reduce((total, each) => total + (each.type === type ? each.amount.amount : 0), 0);

/** A payment that names no checkout of ours is another shop's on the same account. */
export function comparePayment({ intentId, movements }: PaymentStatement, provider: string, ours: OurSide): Sighting[] {
  const capture = movements.find(({ type }) => type === 'capture');
  const kept = sum(movements, 'capture') - sum(movements, 'refund');
  const keptOf = (checkout: string, kind: string, action: Action): Sighting[] => {
    if (kept <= 0 || capture === undefined) return [];
    const { reference: charge, amount } = capture;
    const found = { kept, currency: amount.currency, captured: amount.amount, charge };
    return [{ kind, subject: { provider, intent: intentId, checkout }, expected: { kept: 0 }, found, action }];
  };
  if (ours.lost !== null) return keptOf(ours.lost, 'money_of_lost_checkout', 'give_back_lost');
  if (ours.checkout === null || !ours.atRest) return [];
  const subject = { provider, intent: intentId, checkout: ours.checkout };
  const unordered = ours.order === null ? keptOf(ours.checkout, 'money_without_order', 'give_back') : [];
  if (unordered.length > 0) return unordered;
  const theirs = new Set(movements.map(written));
  const missing = movements.filter((movement) => !ours.booked.includes(written(movement)));
  const alone = ours.booked.filter((movement) => !theirs.has(movement));
  if (missing.length === 0 && alone.length === 0) return [];
  const of = (kind: string, action: Action, more: Figures = {}): Sighting => ({
    kind,
    subject: ours.order === null ? subject : { ...subject, order: ours.order },
    expected: { movements: movements.map(written).toSorted().join('; ') },
    found: { ...more, movements: [...ours.booked].toSorted().join('; ') },
    action,
  });
  if (alone.length > 0) return [of('booked_only', 'by_hand')];
  if (ours.order === null) return [of('not_booked', 'book_both')];
  if (missing.every(({ type }) => type === 'refund')) return [of('refund_not_booked', 'book_refunds')];
  const whole = capture?.amount.amount === ours.amount && capture?.amount.currency === ours.currency;
  const known = ours.status === 'pending' || ours.status === 'confirmed';
  if (whole && known) return [of('capture_not_booked', 'book_capture')];
  return [of('captured_otherwise', 'by_hand', { amount: ours.amount ?? 0, order: ours.status ?? '' })];
}
