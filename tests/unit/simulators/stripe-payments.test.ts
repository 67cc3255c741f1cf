import Stripe from 'stripe';
import { failure, held, sdk, startStripe, type StripeBench } from './stripe-bench.js';

let bench: StripeBench;
let stripe: Stripe;

beforeAll(async () => {
  bench = await startStripe();
  stripe = bench.stripe;
});
afterAll(() => bench.close());

const eventsOf = async (id: string): Promise<string[]> => {
  const { data } = await stripe.events.list({ limit: 100 });
  return data
    .filter(({ data: { object } }) => JSON.stringify(object).includes(id))
    .map(({ type }) => type)
    .reverse();
};

const DECLINES: [string, string, string][] = [
  ['pm_card_visa_chargeDeclined', 'card_declined', 'generic_decline'],
  ['pm_card_visa_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
  ['pm_card_chargeDeclinedInsufficientFunds', 'card_declined', 'insufficient_funds'],
  ['pm_card_visa_chargeDeclinedLostCard', 'card_declined', 'lost_card'],
  ['pm_card_visa_chargeDeclinedStolenCard', 'card_declined', 'stolen_card'],
  ['pm_card_chargeDeclinedExpiredCard', 'expired_card', 'expired_card'],
  ['pm_card_chargeDeclinedIncorrectCvc', 'incorrect_cvc', 'incorrect_cvc'],
  ['pm_card_chargeDeclinedProcessingError', 'processing_error', 'processing_error'],
  ['pm_card_visa_chargeDeclinedVelocityLimitExceeded', 'card_declined', 'card_velocity_exceeded'],
  ['pm_card_chargeDeclinedFraudulent', 'card_declined', 'fraudulent'],
];

test.each(DECLINES)('a payment, with %s, is declined with %s and %s', async (method, code, declineCode) => {
  const error = await failure(stripe.paymentIntents.create(held(method)));
  expect(error).toBeInstanceOf(Stripe.errors.StripeCardError);
  expect(error).toMatchObject({ statusCode: 402, code, decline_code: declineCode });
  expect(error.payment_intent).toMatchObject({ status: 'requires_payment_method', payment_method: null });
  const intent = await stripe.paymentIntents.retrieve(error.payment_intent?.id ?? '');
  expect(intent.last_payment_error).toMatchObject({ type: 'card_error', code, decline_code: declineCode });
  expect(bench.simulator.ledger(intent.id).movements).toEqual([]);
});

const NUMBERS: [string, string][] = [
  ['4242424242424242', 'requires_capture'],
  ['5555555555554444', 'requires_capture'],
  ['4000000000000002', 'generic_decline'],
  ['4000000000009995', 'insufficient_funds'],
  ['4000000000009987', 'lost_card'],
  ['4000000000009979', 'stolen_card'],
  ['4000000000000069', 'expired_card'],
  ['4000000000000127', 'incorrect_cvc'],
  ['4000000000000119', 'processing_error'],
  ['4000000000003220', 'requires_action'],
  ['4000002500003155', 'requires_action'],
  ['4000002760003184', 'requires_action'],
];

test.each(NUMBERS)('a payment, with card number %s, ends as %s', async (number, expected) => {
  const method = await stripe.paymentMethods.create({
    type: 'card',
    card: { number, exp_month: 12, exp_year: 2040, cvc: '123' },
  });
  expect(method.card?.last4).toBe(number.slice(-4));
  const result = await stripe.paymentIntents.create(held(method.id)).then(
    ({ status }) => status,
    (error: unknown) => (error instanceof Stripe.errors.StripeCardError ? error.decline_code : error),
  );
  expect(result).toBe(expected);
});

test('a payment method, with a mistyped card number, is refused', async () => {
  const card = { number: '4242424242424241', exp_month: 12, exp_year: 2040 };
  expect(await failure(stripe.paymentMethods.create({ type: 'card', card }))).toMatchObject({
    statusCode: 402,
    code: 'incorrect_number',
  });
});

test('a held payment, when captured, moves the money once', async () => {
  const intent = await stripe.paymentIntents.create(
    held('pm_card_visa', { metadata: { checkout_id: 'c1' }, expand: ['latest_charge'] }),
  );
  const charge = intent.latest_charge as Stripe.Charge;
  expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 4200, amount_received: 0 });
  expect(charge.payment_method_details?.card?.capture_before).toBe(charge.created + 7 * 86_400);
  const captured = await stripe.paymentIntents.capture(intent.id);
  expect(captured).toMatchObject({ status: 'succeeded', amount_capturable: 0, amount_received: 4200 });
  const again = await failure(stripe.paymentIntents.capture(intent.id));
  expect(again).toMatchObject({ code: 'payment_intent_unexpected_state', payment_intent: { status: 'succeeded' } });
  const { movements, totals } = bench.simulator.ledger(intent.id);
  expect(movements.map(({ type, amount }) => [type, amount])).toEqual([
    ['authorise', 4200],
    ['capture', 4200],
  ]);
  expect(movements[0]?.metadata).toEqual({ checkout_id: 'c1' });
  expect(totals).toMatchObject([{ captured: 4200, refunded: 0, net: 4200, held: 0 }]);
  expect(await eventsOf(intent.id)).toEqual([
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.amount_capturable_updated',
    'charge.captured',
    'payment_intent.succeeded',
  ]);
});

test('a held payment, when captured in part, releases the rest; when captured beyond, is refused', async () => {
  const { id } = await stripe.paymentIntents.create(held('pm_card_visa'));
  const beyond = await failure(stripe.paymentIntents.capture(id, { amount_to_capture: 4201 }));
  expect(beyond).toMatchObject({ statusCode: 400, code: 'amount_too_large' });
  await stripe.paymentIntents.capture(id, { amount_to_capture: 3000 });
  expect(bench.simulator.ledger(id).intents).toMatchObject([
    { authorised: 4200, captured: 3000, voided: 1200, held: 0 },
  ]);
});

test('a payment, with automatic capture, is taken at once and cannot be cancelled', async () => {
  const intent = await stripe.paymentIntents.create(held('pm_card_mastercard', { capture_method: 'automatic' }));
  expect(intent.status).toBe('succeeded');
  const error = await failure(stripe.paymentIntents.cancel(intent.id));
  expect(error).toMatchObject({ code: 'payment_intent_unexpected_state', payment_intent: { status: 'succeeded' } });
});

test('an intent, in every state before the capture, can be cancelled, but only once', async () => {
  const { confirm: _confirm, ...unconfirmed } = held('pm_card_visa');
  const { payment_method: _method, ...empty } = unconfirmed;
  const states = await Promise.all([
    stripe.paymentIntents.create(empty),
    stripe.paymentIntents.create(unconfirmed),
    stripe.paymentIntents.create(held('pm_card_threeDSecure2Required')),
    stripe.paymentIntents.create(held('pm_card_visa')),
  ]);
  expect(states.map(({ status }) => status)).toEqual([
    'requires_payment_method',
    'requires_confirmation',
    'requires_action',
    'requires_capture',
  ]);
  for (const { id } of states)
    expect(await stripe.paymentIntents.cancel(id)).toMatchObject({ status: 'canceled', amount_capturable: 0 });
  expect(await failure(stripe.paymentIntents.cancel(states[0].id))).toMatchObject({
    code: 'payment_intent_unexpected_state',
  });
  expect(bench.simulator.ledger(states[3].id).intents).toMatchObject([
    { authorised: 4200, voided: 4200, captured: 0, held: 0 },
  ]);
});

test('3-D Secure, when the customer passes, holds the money', async () => {
  const intent = await stripe.paymentIntents.create(
    held('pm_card_authenticationRequired', { return_url: 'https://shop.example/back' }),
  );
  expect(intent).toMatchObject({ status: 'requires_action', next_action: { type: 'redirect_to_url' } });
  const page = await fetch(intent.next_action?.redirect_to_url?.url ?? '');
  expect(await page.text()).toContain('Complete authentication');
  expect(await bench.post(`/test/payment_intents/${intent.id}/authenticate`, { outcome: 'succeed' })).toMatchObject({
    status: 'requires_capture',
  });
  expect(await eventsOf(intent.id)).toEqual([
    'payment_intent.created',
    'payment_intent.requires_action',
    'charge.succeeded',
    'payment_intent.amount_capturable_updated',
  ]);
});

test('3-D Secure, when the customer fails, leaves the intent open with the reason', async () => {
  const { id } = await stripe.paymentIntents.create(held('pm_card_threeDSecure2Required'));
  await bench.post(`/test/payment_intents/${id}/authenticate`, { outcome: 'fail' });
  expect(await stripe.paymentIntents.retrieve(id)).toMatchObject({
    status: 'requires_payment_method',
    last_payment_error: { code: 'payment_intent_authentication_failure' },
  });
  expect((await eventsOf(id)).at(-1)).toBe('payment_intent.payment_failed');
});

test('3-D Secure, when passed with a card without funds, is declined all the same', async () => {
  const { id } = await stripe.paymentIntents.create(
    held('pm_card_authenticationRequiredChargeDeclinedInsufficientFunds'),
  );
  await bench.post(`/test/payment_intents/${id}/authenticate`, { outcome: 'succeed' });
  const intent = await stripe.paymentIntents.retrieve(id);
  expect(intent).toMatchObject({
    status: 'requires_payment_method',
    last_payment_error: { decline_code: 'insufficient_funds' },
  });
});

test('a browser, with the publishable key, acts on an intent only by its client secret', async () => {
  const { payment_method: _method, confirm: _confirm, ...empty } = held('');
  const intent = await stripe.paymentIntents.create(empty);
  const browser = sdk(bench.url, 'pk_test_browser');
  expect(await failure(browser.paymentIntents.retrieve(intent.id))).toMatchObject({ statusCode: 404 });
  expect(await failure(browser.refunds.list())).toMatchObject({ statusCode: 401 });
  const body = new URLSearchParams({ client_secret: intent.client_secret ?? '', payment_method: 'pm_card_visa' });
  const response = await fetch(`${bench.url}/v1/payment_intents/${intent.id}/confirm`, {
    method: 'POST',
    headers: { authorization: 'Bearer pk_test_browser' },
    body,
  });
  expect(await response.json()).toMatchObject({ id: intent.id, status: 'requires_capture' });
});

test('a hold, after seven days, ends by itself', async () => {
  const own = await startStripe();
  const { id } = await own.stripe.paymentIntents.create(held('pm_card_visa'));
  await own.post('/test/clock', { advance_seconds: 7 * 86_400 + 1 });
  expect(await own.stripe.paymentIntents.retrieve(id)).toMatchObject({
    status: 'canceled',
    cancellation_reason: 'automatic',
  });
  expect(await failure(own.stripe.paymentIntents.capture(id))).toMatchObject({
    payment_intent: { status: 'canceled' },
  });
  expect(own.simulator.ledger(id).intents).toMatchObject([{ held: 0, voided: 4200 }]);
  await own.close();
});

test('the API, given a wrong key, an unknown parameter, a small amount or a strange method, says which', async () => {
  expect(await failure(sdk(bench.url, 'sk_test_other').paymentIntents.list())).toMatchObject({
    statusCode: 401,
    type: 'StripeAuthenticationError',
  });
  const unknown = stripe.paymentIntents.create({
    ...held('pm_card_visa'),
    colour: 'red',
  } as Stripe.PaymentIntentCreateParams);
  expect(await failure(unknown)).toMatchObject({ statusCode: 400, code: 'parameter_unknown', param: 'colour' });
  expect(await failure(stripe.paymentIntents.create(held('pm_card_visa', { amount: 49 })))).toMatchObject({
    code: 'amount_too_small',
  });
  expect(await failure(stripe.paymentIntents.create(held('pm_none')))).toMatchObject({
    code: 'resource_missing',
    param: 'payment_method',
  });
});

test('a list of intents, page by page, is newest first and complete', async () => {
  const own = await startStripe();
  const made: string[] = [];
  for (let each = 0; each < 5; each += 1) made.push((await own.stripe.paymentIntents.create(held('pm_card_visa'))).id);
  const listed: string[] = [];
  for await (const { id } of own.stripe.paymentIntents.list({ limit: 2, created: { gte: 1 } })) listed.push(id);
  expect(listed).toEqual([...made].reverse());
  expect((await own.stripe.paymentIntents.list({ created: { gte: Math.floor(Date.now() / 1000) + 60 } })).data).toEqual(
    [],
  );
  await own.close();
});

test('the ledger, as a page and as data, shows each payment', async () => {
  const { id } = await stripe.paymentIntents.create(held('pm_card_visa', { metadata: { checkout_id: '<c2>' } }));
  const page = await (await fetch(`${bench.url}/ledger`)).text();
  expect(page).toContain(id);
  expect(page).toContain('&lt;c2&gt;');
  const data = (await (await fetch(`${bench.url}/ledger.json?intent=${id}`)).json()) as { movements: unknown[] };
  expect(data.movements).toMatchObject([{ type: 'authorise', intent: id, amount: 4200, currency: 'usd' }]);
});
