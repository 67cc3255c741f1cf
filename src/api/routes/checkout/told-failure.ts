import type { Failure } from '../../../domain/checkout/index.js';

/** What helps an honest customer. The bank's other reasons, such as a stolen card, are not for whoever holds the card. */
const TOLD: Readonly<Record<string, string>> = {
  insufficient_funds: 'insufficient_funds',
  expired_card: 'expired_card',
  incorrect_cvc: 'incorrect_details',
  invalid_cvc: 'incorrect_details',
  incorrect_number: 'incorrect_details',
  invalid_number: 'incorrect_details',
  invalid_expiry_month: 'incorrect_details',
  invalid_expiry_year: 'incorrect_details',
  incorrect_zip: 'incorrect_details',
  authentication_required: 'authentication_failed',
  payment_intent_authentication_failure: 'authentication_failed',
};

/** A failure as clients see it; the row keeps the provider's own reason. */
export function toldFailure({ code, data }: Failure): { code: string; data: Record<string, unknown> } {
  if (typeof data['reason'] !== 'string') return { code, data: { ...data } };
  const told = Object.hasOwn(TOLD, data['reason']) ? TOLD[data['reason']] : undefined;
  return { code, data: { ...data, reason: told ?? 'generic_decline' } };
}
