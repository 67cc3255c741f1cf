import type Stripe from 'stripe';
import { type Account, newId, seconds } from './account.js';
import type { Decline } from './cards.js';

/** How long a bank holds the money for a capture. */
export const HOLD_SECONDS = 7 * 86_400;

export interface ChargeTerms {
  readonly captured: boolean;
  readonly decline: Decline | null;
  readonly challenged: boolean;
}

/** Asks the bank: writes the charge, whichever way it went, and says so in an event. */
export function charge(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { captured, decline, challenged }: ChargeTerms,
): Stripe.Charge {
  const created = seconds(account.now());
  const ok = decline === null;
  const taken = ok && captured;
  const made: Stripe.Charge = {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: taken ? intent.amount : 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: taken ? newId('txn') : null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'SIMULATOR',
    captured: taken,
    created,
    currency: intent.currency,
    customer: null,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: decline?.code ?? null,
    failure_message: decline?.message ?? null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: {
      advice_code: null,
      network_advice_code: null,
      network_decline_code: decline === null ? null : '05',
      network_status: ok ? 'approved_by_network' : 'declined_by_network',
      reason: decline?.declineCode ?? null,
      risk_level: 'normal',
      seller_message: ok ? 'Payment complete.' : 'The bank returned a decline.',
      type: ok ? 'authorized' : 'issuer_declined',
    },
    paid: ok,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: { type: 'card', card: details(intent, method, { created, ok, captured, challenged }) },
    receipt_email: null,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: ok ? 'succeeded' : 'failed',
    transfer_data: null,
    transfer_group: null,
  };
  account.store.insert('charge', made, { parent: intent.id });
  account.emit(ok ? 'charge.succeeded' : 'charge.failed', made);
  return made;
}

function details(
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { created, ok, captured, challenged }: { created: number; ok: boolean; captured: boolean; challenged: boolean },
): Stripe.Charge.PaymentMethodDetails.Card {
  const card = method.card;
  if (card === undefined) throw new Error(`payment method ${method.id} is not a card`);
  return {
    amount_authorized: ok ? intent.amount : null,
    authorization_code: ok ? '123456' : null,
    brand: card.brand,
    ...(ok && !captured ? { capture_before: created + HOLD_SECONDS } : {}),
    checks: card.checks,
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    installments: null,
    last4: card.last4,
    mandate: null,
    network: card.brand,
    network_transaction_id: null,
    regulated_status: card.regulated_status,
    three_d_secure: challenged
      ? {
          authentication_flow: 'challenge',
          electronic_commerce_indicator: '05',
          exemption_indicator: null,
          result: 'authenticated',
          result_reason: null,
          transaction_id: null,
          version: '2.2.0',
        }
      : null,
    transaction_link_id: null,
    wallet: null,
  };
}
