import { BREACHES, type BreachKind } from '../../../bench/chaos/breaches.js';
import type { Told, VisitRecord } from '../../../bench/chaos/contracts.js';
import type { Facts } from '../../../bench/chaos/facts.js';
import { breachCount, tallyOf, type Heard } from '../../../bench/chaos/tally.js';

const [email, phone] = ['ada@example.com', '+15550001'];

const visit = (told: readonly Told[], change: Partial<VisitRecord> = {}): VisitRecord => ({
  ...{ habit: 'buys', shopper: 0, email, phone, wanted: 1, told },
  ...change,
});
const heard = (visits: readonly VisitRecord[], change: Partial<Heard> = {}): Heard => ({
  ...{ visits, surprises: { count: 0, first: [] }, audit: [] },
  ...change,
});

const checkout = { id: 'k1', status: 'placed', closed: true, code: '', live: 0 };
const order = {
  id: 'o1',
  number: 'N-1',
  checkout: 'k1',
  cart: 'c1',
  status: 'confirmed',
  provider: 'stripe',
  total: 500,
  email,
};
const intent = {
  intent: 'pi_1',
  metadata: { checkout_id: 'k1' },
  net: 500,
  held: 0,
  captures: 1,
  refunded: 0,
};
const made = { intent: 'pi_1', checkout: 'k1', attempt: '1', key: 'k1:authorise:1' };
const refund = { id: 'r1', order: 'o1', status: 'succeeded', amount: 200 };
const mail = { to: email, text: 'Order N-1 is confirmed', id: 'm1' };
const text = { to: phone, text: 'Order N-1 is confirmed', id: 't1' };
const notice = { id: 'm1', order: 'o1', event: 'order_confirmed', about: '', channel: 'email' };
const placed: Told = { what: 'placed', orderId: 'o1', amount: 500 };

/** One order, and all that belongs to it. */
const facts = (change: Partial<Facts> = {}): Facts => ({
  ...{
    checkouts: [checkout],
    orders: [order],
    refunds: [],
    intents: [intent],
    asked: [made],
    keys: ['k1:authorise:1', 'k1:authorise:2'],
    oversold: [],
    leaked: [],
    unsent: [],
  },
  ...{
    notices: [notice, { ...notice, id: 't1', channel: 'sms' }],
    mails: [mail],
    texts: [text],
    parked: 0,
    parkedNow: [],
  },
  ...change,
});

const kindsOf = (visits: readonly VisitRecord[], found: Facts, change: Partial<Heard> = {}): BreachKind[] => {
  const { breaches } = tallyOf(heard(visits, change), found);
  return BREACHES.filter((kind) => breaches[kind].length > 0);
};

test('a tally, of an order that is as told, has no breach', () => {
  const tally = tallyOf(heard([visit([{ what: 'accepted', checkoutId: 'k1' }, placed])]), facts());
  expect(breachCount(tally)).toBe(0);
  expect(tally.counts).toMatchObject({ visits: 1, accepted: 1, placed: 1, declined: 0, refunded: 0 });
});

const unpaid = (status: string, code = ''): Partial<Facts> => ({
  ...{ checkouts: [{ ...checkout, status, code }], orders: [], intents: [], notices: [], mails: [], texts: [] },
});
const asked: Told = { what: 'order_cancelling', orderId: 'o1' };
const promised: Told = { what: 'refunded', orderId: 'o1', refundId: 'r1', amount: 200 };

test.each<[string, BreachKind, readonly Told[], Partial<Facts>]>([
  ['an accepted checkout without a row', 'lost', [{ what: 'accepted', checkoutId: 'k2' }], {}],
  ['an order told that is not there', 'lost', [{ ...placed, orderId: 'o2' }], {}],
  [
    'a checkout still open',
    'lost',
    [],
    { ...unpaid('authorising'), checkouts: [{ ...checkout, status: 'authorising', closed: false }] },
  ],
  ['an order that waits for its capture', 'lost', [placed], { orders: [{ ...order, status: 'pending' }] }],
  ['an order that nobody cancelled', 'lost', [placed], { orders: [{ ...order, status: 'cancelled' }], intents: [] }],
  ['a cancellation that was not done', 'lost', [placed, asked], {}],
  ['a refund without a row', 'lost', [placed, { what: 'refund_accepted', orderId: 'o1', refundId: 'r2' }], {}],
  ['a refund under way', 'lost', [placed], { refunds: [{ ...refund, status: 'pending' }] }],
  ['a flow that is stuck', 'lost', [placed], { parkedNow: ['checkout-k1'] }],
  [
    'two orders of who wanted one',
    'doubled',
    [placed],
    {
      orders: [order, { ...order, id: 'o2', checkout: 'k2', cart: 'c2' }],
      intents: [intent, { ...intent, intent: 'pi_2', metadata: { checkout_id: 'k2' } }],
    },
  ],
  ['two captures of one payment', 'doubled', [placed], { intents: [{ ...intent, captures: 2 }] }],
  ['two payments of one checkout', 'doubled', [placed], { intents: [intent, { ...intent, intent: 'pi_2' }] }],
  ['two payments made for one attempt', 'doubled', [placed], { asked: [made, { ...made, intent: 'pi_2' }] }],
  ['a payment asked for under a key of its own', 'doubled', [placed], { asked: [{ ...made, key: 'made-up' }] }],
  ['two messages written down for one event', 'doubled', [placed], { notices: [notice, { ...notice, id: 'm2' }] }],
  ['a mail that came under two ids', 'doubled', [placed], { mails: [mail, { ...mail, id: 'm2' }] }],
  ['an SMS that came under an id and without one', 'doubled', [placed], { texts: [text, { ...text, id: '' }] }],
  [
    'two refund mails about one refund',
    'doubled',
    [placed],
    {
      notices: ['m2', 'm3'].map((id) => ({ ...notice, id, event: 'order_refunded', about: 'r1' })),
      mails: [mail, ...['m2', 'm3'].map((id) => ({ ...mail, id, text: 'A refund for order N-1' }))],
    },
  ],
  ['more sold than there was', 'oversold', [placed], { oversold: [{ what: '2 sold, 1 came in', ids: {} }] }],
  ['stock kept for nobody', 'leaked', [placed], { leaked: [{ what: '1 piece', ids: {} }] }],
  ['money without an order', 'charged without order', [], { ...unpaid('expired'), intents: [intent] }],
  [
    'a cancelled order whose money is kept',
    'unrefunded',
    [placed, asked],
    { orders: [{ ...order, status: 'cancelled' }] },
  ],
  ['a refund that the provider does not know', 'unrefunded', [placed, promised], { refunds: [refund] }],
  [
    'money held for an ended checkout',
    'undo not run',
    [],
    { ...unpaid('expired'), intents: [{ ...intent, net: 0, held: 500 }] },
  ],
  [
    'stock held for an ended checkout',
    'undo not run',
    [],
    { ...unpaid('expired'), checkouts: [{ ...checkout, status: 'expired', live: 2 }] },
  ],
  ['an order without its mail', 'messages never sent', [placed], { mails: [] }],
  ['an order without its SMS', 'messages never sent', [placed], { texts: [{ ...text, to: '+15550002' }] }],
  ['a password without its mail', 'messages never sent', [placed, { what: 'reset_accepted' }], {}],
  ['a message that waits', 'messages never sent', [placed], { unsent: [{ what: 'order_confirmed', ids: {} }] }],
  ['an expiry told of what was placed', 'word not kept', [{ what: 'expired', checkoutId: 'k1' }], {}],
  ['a total that is not the order’s', 'word not kept', [{ ...placed, amount: 400 }], {}],
  ['a refund told that failed', 'word not kept', [placed, promised], { refunds: [{ ...refund, status: 'failed' }] }],
])('a tally, of %s, has it under "%s" and nowhere else', (_, kind, told, change) => {
  expect(kindsOf([visit(told)], facts(change))).toEqual([kind]);
});

test('a tally, of an order whose shopper gave up while cancelling it, takes either end', () => {
  const gone = facts({ orders: [{ ...order, status: 'cancelled' }], intents: [{ ...intent, net: 0 }] });
  expect(kindsOf([visit([placed], { gaveUp: 'POST /orders/{id}/cancel', habit: 'cancels the order' })], gone)).toEqual(
    [],
  );
});

test('a tally, of who wanted two orders and has two, has no breach', () => {
  const two = facts({
    checkouts: [checkout, { ...checkout, id: 'k2' }],
    orders: [order, { ...order, id: 'o2', number: 'N-2', checkout: 'k2', cart: 'c2' }],
    intents: [intent, { ...intent, intent: 'pi_2', metadata: { checkout_id: 'k2' } }],
    mails: [mail, { ...mail, text: 'Order N-2 is confirmed', id: 'm2' }],
    texts: [text, { ...text, text: 'Order N-2 is confirmed', id: 't2' }],
  });
  expect(kindsOf([visit([placed], { wanted: 2 })], two)).toEqual([]);
});

test('a tally, of two refunds of one order and their mails, has no breach', () => {
  const two = facts({
    notices: ['r1', 'r2'].map((about) => ({ ...notice, id: `m-${about}`, event: 'order_refunded', about })),
    mails: [mail, ...['m-r1', 'm-r2'].map((id) => ({ ...mail, id, text: 'A refund for order N-1' }))],
  });
  expect(kindsOf([visit([placed])], two)).toEqual([]);
});

test('a tally, of a card that was declined and another that paid, has no breach', () => {
  const two = facts({ asked: [made, { ...made, intent: 'pi_2', attempt: '2', key: 'k1:authorise:2' }] });
  expect(kindsOf([visit([placed])], two)).toEqual([]);
});

test('a tally, of two mails for two new passwords, has no breach', () => {
  const resets = ['a', 'b'].map((id) => ({ ...mail, id, text: 'Choose a new password' }));
  expect(kindsOf([visit([placed])], facts({ mails: [mail, ...resets] }))).toEqual([]);
});

test('a tally, of a message that came twice under one id, counts a repeat and no breach', () => {
  const tally = tallyOf(heard([visit([placed])]), facts({ mails: [mail, mail] }));
  expect([tally.counts.repeatedMails, breachCount(tally)]).toEqual([1, 0]);
});

test('a tally, of a surprise, has it with its request whatever was broken then', () => {
  const first = [{ habit: 'buys', call: 'POST /checkout', what: '500 internal', requestId: 'req_1', atMs: 5_500 }];
  const { breaches } = tallyOf(heard([visit([placed])], { surprises: { count: 1, first } }), facts());
  expect(breaches.surprises).toEqual([
    { what: 'POST /checkout: 500 internal', ids: { habit: 'buys', request: 'req_1' } },
  ]);
});

test('a tally, of an audit that found something, has it with its ids', () => {
  const result = {
    promise: 'money',
    check: 'captured once',
    looked: 1,
    breached: 1,
    breaches: [{ what: '2', ids: { checkout: 'k1' } }],
  } as const;
  expect(kindsOf([visit([placed])], facts(), { audit: [result] })).toEqual(['audit']);
});

test('a tally, of unpaid checkouts, counts declined ones apart from those that sold out', () => {
  const { counts } = tallyOf(
    heard([visit([{ what: 'refused', checkoutId: 'k2' }]), visit([{ what: 'refused' }])]),
    facts({
      ...unpaid('failed'),
      checkouts: [
        { ...checkout, id: 'k1', status: 'failed', code: 'card_declined' },
        { ...checkout, id: 'k2', status: 'failed', code: 'out_of_stock' },
        { ...checkout, id: 'k3', status: 'expired', code: 'reservation_expired' },
      ],
    }),
  );
  expect([counts.declined, counts.refused, counts.expired]).toEqual([1, 2, 1]);
});
