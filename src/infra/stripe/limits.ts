import type { PaymentLimits } from '../../domain/payments/ports.js';
import { fromStripe } from './amounts.js';

/** What Stripe charges at least, in its own smallest units: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const LEAST: Readonly<Record<string, number>> = {
  AED: 200,
  AUD: 50,
  BRL: 50,
  CAD: 50,
  CHF: 50,
  CZK: 1_500,
  DKK: 250,
  EUR: 50,
  GBP: 30,
  HKD: 400,
  HUF: 17_500,
  INR: 50,
  JPY: 50,
  MXN: 1_000,
  MYR: 200,
  NOK: 300,
  NZD: 50,
  PLN: 200,
  RON: 200,
  SEK: 300,
  SGD: 50,
  THB: 1_000,
  USD: 50,
};
/** Of a currency that is not listed the provider itself says when it is too little. */
const LEAST_OF_OTHERS = 1;
/** Eight digits. */
const MOST = 99_999_999;

export const createStripeLimits = (): PaymentLimits => ({
  methods: ['card'],
  countries: null,
  // Its ariary counts otherwise than ISO's: see `isSupported`.
  range: (currency) =>
    currency === 'MGA'
      ? null
      : {
          least: Math.max(1, fromStripe(LEAST[currency] ?? LEAST_OF_OTHERS, currency).amount),
          most: fromStripe(MOST, currency).amount,
        },
});
