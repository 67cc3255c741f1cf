import type Stripe from 'stripe';
import type { Params } from '../../simulation/form.js';
import { type Account, newId, seconds } from '../account.js';
import { invalid, missing, unexpectedState } from '../fault.js';
import { flag, integer, known, metadata, nested, oneOf, required, strings, text } from '../params.js';
import { usablePaymentMethod } from '../payment-methods.js';
import { attempt } from './attempt.js';

const PARAMS =
  'amount currency allowed_payment_method_types amount_details application_fee_amount automatic_payment_methods capture_method confirm confirmation_method confirmation_token customer customer_account description error_on_requires_action excluded_payment_method_types expand hooks mandate mandate_data metadata off_session on_behalf_of payment_details payment_method payment_method_configuration payment_method_data payment_method_options radar_options receipt_email return_url setup_future_usage shipping statement_descriptor statement_descriptor_suffix transfer_data transfer_group use_stripe_sdk'.split(
    ' ',
  );

const MAX_AMOUNT = 99_999_999;
/** The least that can be charged, in minor units. */
const MIN_AMOUNT: Record<string, number> = { usd: 50, eur: 50, gbp: 30, chf: 50, jpy: 50, cad: 50, aud: 50, sek: 300 };

export function createIntent(account: Account, params: Params): Stripe.PaymentIntent {
  known(params, PARAMS);
  const currency = readCurrency(params);
  const amount = readAmount(params, currency);
  const confirm = flag(params, 'confirm');
  const named = text(params, 'payment_method');
  const types = readTypes(params);
  const wanted = metadata(params);
  const capture = oneOf(params, 'capture_method', ['automatic', 'automatic_async', 'manual']) ?? 'automatic_async';
  const confirmation = oneOf(params, 'confirmation_method', ['automatic', 'manual']) ?? 'automatic';
  if (!confirm && text(params, 'return_url') !== null)
    throw invalid(
      'The parameter `return_url` cannot be passed when creating a PaymentIntent unless `confirm` is set to true.',
      'return_url',
    );
  const usable = named === null ? null : usablePaymentMethod(account, named);

  const intent: Stripe.PaymentIntent = {
    ...blank(account),
    amount,
    currency,
    capture_method: capture,
    confirmation_method: confirmation,
    automatic_payment_methods: flag(nested(params, 'automatic_payment_methods'), 'enabled')
      ? { allow_redirects: 'always', enabled: true }
      : null,
    customer: text(params, 'customer'),
    description: text(params, 'description'),
    metadata: wanted,
    payment_method: usable?.method.id ?? null,
    allowed_payment_method_types: types,
    receipt_email: text(params, 'receipt_email'),
    status: usable === null ? 'requires_payment_method' : 'requires_confirmation',
  };
  if (confirm && usable === null)
    throw unexpectedState(
      "You cannot confirm this PaymentIntent because it's missing a payment method. You can either update the PaymentIntent " +
        'with a payment method and then confirm it again, or confirm it again directly with a payment method or ConfirmationToken.',
      {},
    );
  if (usable?.fresh) account.store.insert('payment_method', usable.method);
  account.store.insert('payment_intent', intent);
  account.emit('payment_intent.created', intent);
  if (!confirm || usable === null) return intent;
  return attempt(account, intent, usable.method, {
    returnUrl: text(params, 'return_url'),
    mayAsk:
      !flag(params, 'error_on_requires_action') &&
      !['true', 'one_off', 'recurring'].includes(text(params, 'off_session') ?? ''),
  });
}

function readCurrency(params: Params): string {
  const currency = required(params, 'currency').toLowerCase();
  if (!/^[a-z]{3}$/.test(currency)) throw invalid(`Invalid currency: ${currency}.`, 'currency');
  return currency;
}

function readAmount(params: Params, currency: string): number {
  const amount = integer(params, 'amount');
  if (amount === null) throw missing('amount');
  if (amount < 1)
    throw invalid('This value must be greater than or equal to 1.', 'amount', 'parameter_invalid_integer');
  const least = MIN_AMOUNT[currency] ?? 1;
  if (amount < least)
    throw invalid(`Amount must be at least ${least} ${currency} (minor units)`, 'amount', 'amount_too_small');
  if (amount > MAX_AMOUNT)
    throw invalid(`Amount must be no more than ${MAX_AMOUNT} ${currency} (minor units)`, 'amount', 'amount_too_large');
  return amount;
}

/** What the client allows; the simulator has nothing but cards to offer. */
function readTypes(params: Params): ['card'] | null {
  const types = strings(params, 'allowed_payment_method_types');
  if (types.length > 0 && !types.includes('card'))
    throw invalid(`The simulator takes cards only, not ${types.join(', ')}.`, 'allowed_payment_method_types');
  return types.length === 0 ? null : ['card'];
}

function blank(account: Account): Stripe.PaymentIntent {
  const id = newId('pi');
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount: 0,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic_async',
    client_secret: newId(`${id}_secret`),
    confirmation_method: 'automatic',
    created: seconds(account.now()),
    currency: 'usd',
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
  };
}
