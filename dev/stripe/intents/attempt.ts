import type Stripe from 'stripe';
import { type Account, idOf } from '../account.js';
import { AUTHENTICATION_REQUIRED, type Decline } from '../cards.js';
import { charge, HOLD_SECONDS } from '../charges.js';
import { StripeFault } from '../fault.js';
import { cardOf } from '../payment-methods.js';

export interface AttemptTerms {
  readonly returnUrl: string | null;
  /** Whether the customer is there to be asked. */
  readonly mayAsk: boolean;
}

/** Confirms an intent with a method; throws the 402 of a decline, with the intent as it is then. */
export function attempt(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  { returnUrl, mayAsk }: AttemptTerms,
): Stripe.PaymentIntent {
  const card = cardOf(method);
  if (!card.challenge) return settle(account, intent, method, card.decline, false);
  if (!mayAsk) return settle(account, intent, method, AUTHENTICATION_REQUIRED, false);
  const next: Stripe.PaymentIntent = {
    ...intent,
    payment_method: method.id,
    status: 'requires_action',
    last_payment_error: null,
    next_action: nextAction(account, intent.id, returnUrl),
  };
  account.store.update(next);
  account.emit('payment_intent.requires_action', next);
  return next;
}

/** The bank's answer, once it needs nothing more from the customer. */
export function settle(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  decline: Decline | null,
  challenged: boolean,
): Stripe.PaymentIntent {
  const manual = intent.capture_method === 'manual';
  const made = charge(account, intent, method, { captured: !manual, decline, challenged });
  if (decline !== null) throw decliningFault(account, intent, method, made, decline);
  const next: Stripe.PaymentIntent = {
    ...intent,
    payment_method: method.id,
    latest_charge: made.id,
    last_payment_error: null,
    next_action: null,
    status: manual ? 'requires_capture' : 'succeeded',
    amount_capturable: manual ? intent.amount : 0,
    amount_received: manual ? 0 : intent.amount,
  };
  account.store.update(next, manual ? (made.created + HOLD_SECONDS) * 1000 : null);
  account.store.setMeta(`used:${method.id}`, '1');
  account.move('authorise', next, intent.amount);
  if (!manual) account.move('capture', next, intent.amount);
  account.emit(manual ? 'payment_intent.amount_capturable_updated' : 'payment_intent.succeeded', next);
  return next;
}

function decliningFault(
  account: Account,
  intent: Stripe.PaymentIntent,
  method: Stripe.PaymentMethod,
  made: Stripe.Charge,
  { code, declineCode, message }: Decline,
): StripeFault {
  const error = {
    type: 'card_error' as const,
    charge: made.id,
    code,
    decline_code: declineCode,
    doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}`,
    message,
    payment_method: method,
  };
  const next: Stripe.PaymentIntent = {
    ...intent,
    latest_charge: made.id,
    last_payment_error: error,
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  };
  account.store.update(next);
  account.emit('payment_intent.payment_failed', next);
  return new StripeFault(402, { ...error, payment_intent: next }, true);
}

/** What the customer's bank made of the challenge: paid or declined by the card's rule, or not authenticated. */
export function finishChallenge(account: Account, intent: Stripe.PaymentIntent, passed: boolean): Stripe.PaymentIntent {
  const method = account.store.get('payment_method', idOf(intent.payment_method) ?? '');
  if (method === undefined) throw new Error(`intent ${intent.id} has no payment method`);
  if (passed) {
    try {
      return settle(account, intent, method, cardOf(method).decline, true);
    } catch (error) {
      // Here nobody called the API: the browser looks at the intent instead.
      if (error instanceof StripeFault) return account.store.get('payment_intent', intent.id) ?? intent;
      throw error;
    }
  }
  const next: Stripe.PaymentIntent = {
    ...intent,
    last_payment_error: {
      type: 'invalid_request_error',
      code: 'payment_intent_authentication_failure',
      doc_url: 'https://stripe.com/docs/error-codes/payment-intent-authentication-failure',
      message:
        'The provided PaymentMethod has failed authentication. You can provide payment_method_data or a new PaymentMethod ' +
        'to attempt to fulfill this PaymentIntent again.',
      payment_method: method,
    },
    next_action: null,
    payment_method: null,
    status: 'requires_payment_method',
  };
  account.store.update(next);
  account.emit('payment_intent.payment_failed', next);
  return next;
}

function nextAction(account: Account, intentId: string, returnUrl: string | null): Stripe.PaymentIntent.NextAction {
  const url = `${account.baseUrl()}/test/3ds/${intentId}`;
  return returnUrl === null
    ? { type: 'use_stripe_sdk', use_stripe_sdk: { type: 'three_d_secure_redirect', stripe_js: url } }
    : { type: 'redirect_to_url', redirect_to_url: { url, return_url: returnUrl } };
}
