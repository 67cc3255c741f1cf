import type Stripe from 'stripe';
import type { Params } from '../simulation/form.js';
import { type Account, newId, seconds } from './account.js';
import { cardById, cardByNumber, CARDS, plausible, type TestCard } from './cards.js';
import { invalid, missing, noSuch, refused, StripeFault } from './fault.js';
import { integer, known, metadata, nested, oneOf, required, text } from './params.js';

const CREATE = ['type', 'card', 'billing_details', 'metadata', 'expand', 'allow_redisplay', 'customer'];

export function createPaymentMethod(account: Account, params: Params): Stripe.PaymentMethod {
  known(params, CREATE);
  const type = oneOf(params, 'type', ['card']);
  if (type === null) throw missing('type');
  const method = fromCard(account, readCard(account, nested(params, 'card')), params);
  account.store.insert('payment_method', method);
  return method;
}

export function findPaymentMethod(account: Account, id: string): Stripe.PaymentMethod {
  const stored = account.store.get('payment_method', id);
  if (stored !== undefined) return stored;
  const card = cardById(id);
  if (card === undefined) throw noSuch('PaymentMethod', id);
  return { ...fromCard(account, { card, month: 8, year: account.now().getUTCFullYear() + 4 }), id };
}

/**
 * The method a payment names, for use: a ready-made id such as `pm_card_visa` becomes a method of its own,
 * and one that paid before may not pay again unless a customer owns it.
 */
export function usablePaymentMethod(account: Account, id: string): { method: Stripe.PaymentMethod; fresh: boolean } {
  const stored = account.store.get('payment_method', id);
  if (stored !== undefined) {
    if (account.store.meta(`used:${id}`) !== null && stored.customer === null)
      throw refused(
        'The provided PaymentMethod was previously used with a PaymentIntent without Customer attachment, shared with a ' +
          'connected account without Customer attachment, or was detached from a Customer. It may not be used again. ' +
          'To use a PaymentMethod multiple times, you must attach it to a Customer first.',
      );
    return { method: stored, fresh: false };
  }
  const card = cardById(id);
  if (card === undefined) throw noSuch('PaymentMethod', id, 'payment_method', 400);
  return { method: fromCard(account, { card, month: 8, year: account.now().getUTCFullYear() + 4 }), fresh: true };
}

/** The test card behind a method. */
export function cardOf(method: Stripe.PaymentMethod): TestCard {
  const found = CARDS.find((card) => fingerprint(card) === method.card?.fingerprint);
  if (found === undefined) throw new Error(`payment method ${method.id} has no test card`);
  return found;
}

export function updatePaymentMethod(account: Account, id: string, params: Params): Stripe.PaymentMethod {
  known(params, ['billing_details', 'card', 'metadata', 'expand', 'allow_redisplay']);
  const method = owned(account, id);
  const next = {
    ...method,
    metadata: metadata(params, method.metadata ?? {}),
    billing_details: billing(params, method.billing_details),
  };
  account.store.update(next);
  account.emit('payment_method.updated', next);
  return next;
}

export function attachPaymentMethod(account: Account, id: string, params: Params): Stripe.PaymentMethod {
  known(params, ['customer', 'customer_account', 'expand']);
  const next = { ...owned(account, id), customer: required(params, 'customer') };
  account.store.update(next);
  account.emit('payment_method.attached', next);
  return next;
}

export function detachPaymentMethod(account: Account, id: string, params: Params): Stripe.PaymentMethod {
  known(params, ['expand']);
  const method = owned(account, id);
  if (method.customer === null)
    throw refused('The payment method you provided is not attached to a customer so detachment is impossible.');
  const next = { ...method, customer: null };
  account.store.update(next);
  account.store.setMeta(`used:${id}`, '1');
  account.emit('payment_method.detached', next);
  return next;
}

function owned(account: Account, id: string): Stripe.PaymentMethod {
  const method = account.store.get('payment_method', id);
  if (method === undefined) throw noSuch('PaymentMethod', id);
  return method;
}

interface CardInput {
  readonly card: TestCard;
  readonly month: number;
  readonly year: number;
}

function readCard(account: Account, params: Params): CardInput {
  known(params, ['number', 'exp_month', 'exp_year', 'cvc', 'token', 'networks']);
  const token = text(params, 'token');
  const year = account.now().getUTCFullYear();
  if (token !== null) {
    const card = cardById(token.replace(/^tok_/, 'pm_card_'));
    if (card === undefined) throw noSuch('token', token, 'card[token]', 400);
    return { card, month: 8, year: year + 4 };
  }
  const number = required(params, 'number').replace(/[\s-]/g, '');
  if (!plausible(number)) throw cardError('incorrect_number', 'Your card number is incorrect.', 'number');
  const month = integer(params, 'exp_month') ?? 0;
  const until = integer(params, 'exp_year') ?? 0;
  if (month < 1 || month > 12)
    throw cardError('invalid_expiry_month', "Your card's expiration month is invalid.", 'exp_month');
  if (until < year || until > year + 50)
    throw cardError('invalid_expiry_year', "Your card's expiration year is invalid.", 'exp_year');
  const card = cardByNumber(number);
  if (card === undefined) throw invalid('The simulator takes documented test card numbers only.', 'card[number]');
  return { card, month, year: until };
}

const cardError = (code: string, message: string, param: string): StripeFault =>
  new StripeFault(402, { type: 'card_error', code, message, param }, true);

const fingerprint = (card: TestCard): string => `test${card.number}`;

function fromCard(account: Account, { card, month, year }: CardInput, params: Params = {}): Stripe.PaymentMethod {
  return {
    id: newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: billing(params, { address: null, email: null, name: null, phone: null, tax_id: null }),
    card: {
      brand: card.brand,
      checks: { address_line1_check: null, address_postal_code_check: null, cvc_check: 'pass' },
      country: 'US',
      display_brand: card.brand,
      exp_month: month,
      exp_year: year,
      fingerprint: fingerprint(card),
      funding: card.funding,
      generated_from: null,
      last4: card.number.slice(-4),
      networks: { available: [card.brand], preferred: null },
      regulated_status: 'unregulated',
      three_d_secure_usage: { supported: card.brand !== 'amex' },
      wallet: null,
    },
    created: seconds(account.now()),
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: metadata(params),
    type: 'card',
  };
}

function billing(params: Params, before: Stripe.PaymentMethod.BillingDetails): Stripe.PaymentMethod.BillingDetails {
  const given = nested(params, 'billing_details');
  const address = nested(given, 'address');
  const line = (name: string): string | null => text(address, name);
  return {
    address:
      Object.keys(address).length === 0
        ? before.address
        : {
            city: line('city'),
            country: line('country'),
            line1: line('line1'),
            line2: line('line2'),
            postal_code: line('postal_code'),
            state: line('state'),
          },
    email: text(given, 'email') ?? before.email,
    name: text(given, 'name') ?? before.name,
    phone: text(given, 'phone') ?? before.phone,
    tax_id: before.tax_id,
  };
}
