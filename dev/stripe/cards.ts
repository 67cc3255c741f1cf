/** How a test card behaves; see https://docs.stripe.com/testing. */
export interface Decline {
  readonly code: string;
  readonly declineCode: string;
  readonly message: string;
}

export interface TestCard {
  readonly number: string;
  /** Ready-made payment methods that stand for it. */
  readonly ids: readonly string[];
  readonly brand: string;
  readonly funding: 'credit' | 'debit';
  /** The bank asks the customer before it decides. */
  readonly challenge: boolean;
  readonly decline: Decline | null;
  readonly refund: 'succeeds' | 'pends' | 'fails';
}

const declined = (declineCode: string, message = 'Your card was declined.', code = 'card_declined'): Decline => ({
  code,
  declineCode,
  message,
});

const GENERIC = declined('generic_decline');
const FUNDS = declined('insufficient_funds', 'Your card has insufficient funds.');
const PROCESSING = declined(
  'processing_error',
  'An error occurred while processing your card. Try again in a little bit.',
  'processing_error',
);

export const AUTHENTICATION_REQUIRED: Decline = declined(
  'authentication_required',
  'Your card was declined. This transaction requires authentication.',
  'authentication_required',
);

function card(number: string, brand: string, ids: string, rest: Partial<TestCard> = {}): TestCard {
  return {
    number,
    brand,
    ids: ids.split(' ').map((id) => `pm_card_${id}`),
    funding: 'credit',
    challenge: false,
    decline: null,
    refund: 'succeeds',
    ...rest,
  };
}

export const CARDS: readonly TestCard[] = [
  card('4242424242424242', 'visa', 'visa us'),
  card('4000056655665556', 'visa', 'visa_debit', { funding: 'debit' }),
  card('5555555555554444', 'mastercard', 'mastercard'),
  card('5200828282828210', 'mastercard', 'mastercard_debit', { funding: 'debit' }),
  card('378282246310005', 'amex', 'amex threeDSecureNotSupported'),
  card('6011111111111117', 'discover', 'discover'),
  card('3056930009020004', 'diners', 'diners'),
  card('3566002020360505', 'jcb', 'jcb'),
  card('6200000000000005', 'unionpay', 'unionpay'),
  card('4000002760000016', 'visa', 'de'),
  card('4000000000000002', 'visa', 'visa_chargeDeclined chargeDeclined', { decline: GENERIC }),
  card('4000000000009995', 'visa', 'visa_chargeDeclinedInsufficientFunds chargeDeclinedInsufficientFunds', {
    decline: FUNDS,
  }),
  card('4000000000009987', 'visa', 'visa_chargeDeclinedLostCard chargeDeclinedLostCard', {
    decline: declined('lost_card'),
  }),
  card('4000000000009979', 'visa', 'visa_chargeDeclinedStolenCard chargeDeclinedStolenCard', {
    decline: declined('stolen_card'),
  }),
  card('4000000000000069', 'visa', 'chargeDeclinedExpiredCard visa_chargeDeclinedExpiredCard', {
    decline: declined('expired_card', 'Your card has expired.', 'expired_card'),
  }),
  card('4000000000000127', 'visa', 'chargeDeclinedIncorrectCvc visa_chargeDeclinedIncorrectCvc', {
    decline: declined('incorrect_cvc', "Your card's security code is incorrect.", 'incorrect_cvc'),
  }),
  card('4000000000000119', 'visa', 'chargeDeclinedProcessingError visa_chargeDeclinedProcessingError', {
    decline: PROCESSING,
  }),
  card('4000000000006975', 'visa', 'visa_chargeDeclinedVelocityLimitExceeded chargeDeclinedVelocityLimitExceeded', {
    decline: declined(
      'card_velocity_exceeded',
      'Your card was declined for making repeated attempts too frequently or exceeding its amount limit.',
    ),
  }),
  card('4000000000000341', 'visa', 'chargeCustomerFail', { decline: GENERIC }),
  card('4100000000000019', 'visa', 'chargeDeclinedFraudulent visa_chargeDeclinedFraudulent radarBlock', {
    decline: declined('fraudulent'),
  }),
  card('4000000000003220', 'visa', 'threeDSecure2Required', { challenge: true }),
  card('4000000000003063', 'visa', 'threeDSecureRequired', { challenge: true }),
  card('4000002760003184', 'visa', 'authenticationRequired', { challenge: true }),
  card('4000002500003155', 'visa', 'authenticationRequiredOnSetup', { challenge: true }),
  card('4000003800000446', 'visa', 'authenticationRequiredSetupForOffSession', { challenge: true }),
  card('4000000000003055', 'visa', 'threeDSecureOptional'),
  card('4000008260003178', 'visa', 'authenticationRequiredChargeDeclinedInsufficientFunds', {
    challenge: true,
    decline: FUNDS,
  }),
  card('4000008400001629', 'visa', 'threeDSecureRequiredChargeDeclined', { challenge: true, decline: GENERIC }),
  card('4000008400001280', 'visa', 'threeDSecureRequiredProcessingError', { challenge: true, decline: PROCESSING }),
  card('4000000000007726', 'visa', 'pendingRefund', { refund: 'pends' }),
  card('4000000000005126', 'visa', 'refundFail', { refund: 'fails' }),
];

export const cardById = (id: string): TestCard | undefined => CARDS.find((candidate) => candidate.ids.includes(id));

export const cardByNumber = (number: string): TestCard | undefined =>
  CARDS.find((candidate) => candidate.number === number);

/** The number's check digit holds (Luhn). */
export function plausible(number: string): boolean {
  if (!/^\d{12,19}$/.test(number)) return false;
  const sum = [...number].reverse().reduce((total, char, index) => {
    const digit = Number(char) * (index % 2 === 1 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return sum % 10 === 0;
}
