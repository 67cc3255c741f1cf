import type { Told, VisitRecord } from './contracts.js';
import type { CheckoutRow, Facts, Found, Message, Notice, OrderRow, RefundRow } from './facts.js';

/** What must never be; each has to be zero. */
export const BREACHES = [
  'lost',
  'doubled',
  'oversold',
  'leaked',
  'charged without order',
  'unrefunded',
  'undo not run',
  'messages never sent',
  'word not kept',
  'surprises',
  'audit',
] as const;
export type BreachKind = (typeof BREACHES)[number];

type OfRows = Exclude<BreachKind, 'surprises' | 'audit'>;

/** All that rows, the provider and the inbox show, against what shoppers were told. */
export function findBreaches(visits: readonly VisitRecord[], facts: Facts): Record<OfRows, readonly Found[]> {
  const books = openBooks(facts);
  return {
    lost: [...unfinished(facts), ...visits.flatMap((visit) => lostOf(visit, books))],
    doubled: doubled(visits, facts),
    oversold: facts.oversold,
    leaked: facts.leaked,
    'charged without order': facts.intents
      .filter(({ net, metadata }) => net > 0 && !books.ofCheckout.has(metadata['checkout_id'] ?? ''))
      .map(({ net, ...payment }) => found(`${net} taken without an order`, named(payment))),
    unrefunded: unrefunded(facts, books),
    'undo not run': undoNotRun(facts, books),
    'messages never sent': [...facts.unsent, ...untold(visits, facts)],
    'word not kept': visits.flatMap((visit) => brokenWords(visit, books)),
  };
}

interface Books {
  readonly checkouts: ReadonlyMap<string, CheckoutRow>;
  readonly orders: ReadonlyMap<string, OrderRow>;
  readonly ofCheckout: ReadonlyMap<string, OrderRow>;
  readonly refunds: ReadonlyMap<string, RefundRow>;
}

const openBooks = ({ checkouts, orders, refunds }: Facts): Books => ({
  checkouts: new Map(checkouts.map((row) => [row.id, row])),
  orders: new Map(orders.map((row) => [row.id, row])),
  ofCheckout: new Map(orders.map((row) => [row.checkout, row])),
  refunds: new Map(refunds.map((row) => [row.id, row])),
});

const found = (what: string, ids: Found['ids']): Found => ({ what, ids });
const named = ({ intent, metadata }: Pick<Facts['intents'][number], 'intent' | 'metadata'>): Found['ids'] => ({
  intent,
  ...(metadata['checkout_id'] === undefined ? {} : { checkout: metadata['checkout_id'] }),
});

/** Nothing may still be under way. */
const unfinished = ({ checkouts, orders, refunds, parkedNow }: Facts): Found[] => [
  ...checkouts
    .filter(({ closed }) => !closed)
    .map(({ id, status }) => found(`checkout is ${status}`, { checkout: id })),
  ...orders
    .filter(({ status }) => status === 'pending')
    .map(({ id, checkout }) => found('order waits for its capture', { order: id, checkout })),
  ...refunds
    .filter(({ status }) => status === 'requested' || status === 'pending')
    .map(({ id, order, status }) => found(`refund is ${status}`, { refund: id, order })),
  ...parkedNow.map((flow) => found('a flow needs attention', { flow })),
];

/** Who gave up there may have asked for it without having heard so. */
const CANCELS = 'cancels the order';

function lostOf({ told, gaveUp, email, habit }: VisitRecord, { checkouts, orders, refunds }: Books): Found[] {
  const cancels = told.some(({ what }) => what === 'order_cancelling') || (habit === CANCELS && gaveUp !== undefined);
  return told.flatMap(({ what, checkoutId, orderId, refundId }): Found[] => {
    if (checkoutId !== undefined && !checkouts.has(checkoutId))
      return [found(`${what}, and there is no such checkout`, { checkout: checkoutId, person: email })];
    if (refundId !== undefined && !refunds.has(refundId))
      return [found(`${what}, and there is no such refund`, { refund: refundId, person: email })];
    if (orderId === undefined) return [];
    const order = orders.get(orderId);
    if (order === undefined) return [found(`${what}, and there is no such order`, { order: orderId, person: email })];
    const gone = ['cancelled', 'failed'].includes(order.status);
    if (what === 'placed' && gone && !cancels)
      return [found(`placed, and ${order.status} by nobody`, { order: orderId, checkout: order.checkout })];
    return what.startsWith('order_cancel') && !gone
      ? [found(`told that it is cancelled, and ${order.status}`, { order: orderId })]
      : [];
  });
}

function doubled(visits: readonly VisitRecord[], facts: Facts): Found[] {
  const { orders, intents } = facts;
  const byPerson = Map.groupBy(orders, ({ email }) => email);
  const moreThanOne = (by: 'cart' | 'checkout'): Found[] =>
    [...Map.groupBy(orders, (order) => order[by])].flatMap(([id, same]) =>
      same.length > 1 ? [found(`${same.length} orders`, { [by]: id })] : [],
    );
  return [
    ...visits.flatMap(({ email, wanted, habit }) => {
      const own = byPerson.get(email.toLowerCase()) ?? [];
      const ids = { person: email, orders: own.map(({ id }) => id).join(' ') };
      return own.length > wanted ? [found(`${own.length} orders of who wanted ${wanted} (${habit})`, ids)] : [];
    }),
    ...moreThanOne('cart'),
    ...moreThanOne('checkout'),
    ...intents
      .filter(({ captures }) => captures > 1)
      .map(({ captures, ...payment }) => found(`${captures} captures`, named(payment))),
    ...[...Map.groupBy(intents, ({ metadata }) => metadata['checkout_id'] ?? '')].flatMap(([checkout, same]) => {
      const taken = same.filter(({ net }) => net > 0);
      return checkout !== '' && taken.length > 1 ? [found(`paid ${taken.length} times`, { checkout })] : [];
    }),
    ...askedTwice(facts),
    ...saidTwice(facts),
  ];
}

/** An attempt is asked for under one key, and so makes one payment, however often it is repeated; a second is one even if it is void. */
function askedTwice({ asked, keys }: Facts): Found[] {
  const ours = new Set<string | null>(keys);
  const attempts = Map.groupBy(asked, ({ checkout, attempt }) => `${checkout} ${attempt}`);
  return [
    ...[...attempts.values()]
      .filter((same) => same.length > 1)
      .map((same) =>
        found(`${same.length} payments made for one attempt`, {
          checkout: same[0]?.checkout ?? '',
          intents: same.map(({ intent }) => intent).join(' '),
        }),
      ),
    ...asked
      .filter(({ key }) => !ours.has(key))
      .map(({ intent, checkout, key }) =>
        found(`asked for under ${key}, which is no attempt's key`, { intent, checkout }),
      ),
  ];
}

/** The only event of an order that may come again, about another refund. */
const COMES_AGAIN = 'order_refunded';

/** Nobody asks for a message to be sent again, so each event has one id a channel: in the shop's rows and where messages arrive. */
function saidTwice({ orders, notices, mails, texts }: Facts): Found[] {
  const occasion = ({ order, event, about }: Notice): string =>
    [order, event, ...(event === COMES_AGAIN ? [about] : [])].join(' ');
  const rows = [...Map.groupBy(notices, (notice) => `${occasion(notice)} ${notice.channel}`).values()]
    .filter((same) => same.length > 1)
    .map((same) =>
      found(`${same.length} messages of one ${same[0]?.event} by ${same[0]?.channel}`, {
        order: same[0]?.order ?? '',
        notifications: same.map(({ id }) => id).join(' '),
      }),
    );
  const ofNumber = new Map(orders.map(({ id, number }) => [number, id]));
  const orderOf = ({ text }: Message): string | undefined =>
    ofNumber.get(text.split(' ').find((word) => ofNumber.has(word)) ?? '');
  const byId = new Map(notices.map((notice) => [notice.id, notice]));
  const alike = Map.groupBy(
    [...mails, ...texts].filter((message) => orderOf(message) !== undefined),
    ({ to, text }) => `${to} ${text}`,
  );
  const arrived = [...alike.values()].flatMap((same) => {
    const ids = [...new Set(same.map(({ id }) => id))];
    const occasions = new Set(ids.flatMap((id) => byId.get(id) ?? []).map(occasion));
    return ids.length > Math.max(1, occasions.size)
      ? [
          found(`the same came under ${ids.length} ids: ${same[0]?.text}`, {
            order: orderOf(same[0] as Message) ?? '',
            notifications: ids.join(' '),
          }),
        ]
      : [];
  });
  return [...rows, ...arrived];
}

function unrefunded({ intents, refunds }: Facts, { ofCheckout }: Books): Found[] {
  const given = Map.groupBy(
    refunds.filter(({ status }) => status === 'succeeded'),
    ({ order }) => order,
  );
  return intents.flatMap((payment) => {
    const order = ofCheckout.get(payment.metadata['checkout_id'] ?? '');
    if (order === undefined) return [];
    if (order.status === 'cancelled' && payment.net > 0)
      return [found(`order cancelled, ${payment.net} kept`, { ...named(payment), order: order.id })];
    const promised = (given.get(order.id) ?? []).reduce((sum, { amount }) => sum + amount, 0);
    return promised > payment.refunded
      ? [found(`${promised} said to be given back, ${payment.refunded} was`, { ...named(payment), order: order.id })]
      : [];
  });
}

const undoNotRun = ({ checkouts, intents }: Facts, books: Books): Found[] => [
  ...checkouts
    .filter(({ closed, live }) => closed && live > 0)
    .map(({ id, status, live }) => found(`${status}, and ${live} pieces are still reserved`, { checkout: id })),
  ...intents
    .filter(({ held, metadata }) => held > 0 && books.checkouts.get(metadata['checkout_id'] ?? '')?.closed !== false)
    .map(({ held, ...payment }) => found(`${held} still held`, named(payment))),
];

/** Each order is told of by mail and by SMS, to those who gave their number, and each password asked for by mail. */
function untold(visits: readonly VisitRecord[], { orders, mails, texts }: Facts): Found[] {
  const byPerson = Map.groupBy(orders, ({ email }) => email);
  const mailsTo = Map.groupBy(mails, ({ to }) => to.toLowerCase());
  const textsTo = Map.groupBy(texts, ({ to }) => to);
  return visits.flatMap(({ email, phone, told }) => {
    const heard = mailsTo.get(email.toLowerCase()) ?? [];
    const missing = (byPerson.get(email.toLowerCase()) ?? []).flatMap(({ id, number }) => [
      ...(heard.some(({ text }) => text.includes(number)) ? [] : [found('no mail', { order: id, person: email })]),
      ...((textsTo.get(phone) ?? []).some(({ text }) => text.includes(number))
        ? []
        : [found('no SMS', { order: id, person: email })]),
    ]);
    const reset = told.some(({ what }) => what === 'reset_accepted');
    return reset && !heard.some(({ text }) => text.includes('password'))
      ? [...missing, found('no mail for a new password', { person: email })]
      : missing;
  });
}

const MEANT: Partial<Record<Told['what'], string>> = {
  declined: 'failed',
  refused: 'failed',
  expired: 'expired',
  cancelled: 'cancelled',
};

function brokenWords({ told, email }: VisitRecord, { checkouts, orders, refunds }: Books): Found[] {
  return told.flatMap(({ what, checkoutId, orderId, refundId, amount }): Found[] => {
    const checkout = checkouts.get(checkoutId ?? '');
    const meant = MEANT[what];
    if (meant !== undefined && checkout !== undefined && checkout.status !== meant)
      return [found(`told ${what}, and ${checkout.status}`, { checkout: checkout.id, person: email })];
    const order = orders.get(orderId ?? '');
    if (what === 'placed' && order !== undefined && (order.total !== amount || order.email !== email.toLowerCase()))
      return [found(`told an order of ${amount}, which is of ${order.total}`, { order: order.id, person: email })];
    const refund = refunds.get(refundId ?? '');
    if (what === 'refunded' && refund !== undefined && (refund.status !== 'succeeded' || refund.amount !== amount))
      return [found(`told a refund of ${amount}, ${refund.status} of ${refund.amount}`, { refund: refund.id })];
    return [];
  });
}
