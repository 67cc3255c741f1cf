import type { EntityManager } from '@mikro-orm/postgresql';
import type { Query } from '../kernel/transact.js';
import { BOOKED, TOLD, toldRows, written, type PaymentStatement, type PaymentStatements } from '../payments/index.js';
import { resultOf, UNSETTLED } from './rows/row-check.js';
import type { AuditScope, Breach, CheckResult } from './types.js';

const AT_ONCE = 500;
/** How far the provider's clock may be behind ours. */
const MARGIN_MS = 10 * 60_000;

const BOOKS = { promise: 'money', check: "the provider's movements are the ledger's, one for one" } as const;
const ORDERED = { promise: 'money', check: 'what the provider took has an order, or is back' } as const;
const TAKEN_ONCE = { promise: 'money', check: 'the provider took the money of a checkout once' } as const;
const ONE_LIVE = { promise: 'one', check: 'a cart has at most one live payment at the provider' } as const;
const VOIDED = { promise: 'undo', check: 'nothing is held, or can be paid, for a checkout that ended unpaid' } as const;

/** Compares a provider's books with ours. Its side is read first: what moves meanwhile counts as unsettled. */
export async function checkProvider(
  query: Query,
  statements: PaymentStatements,
  scope: AuditScope,
): Promise<CheckResult[]> {
  const since = await query(firstCheckout);
  const told: PaymentStatement[] = [];
  if (since !== null) for await (const each of statements.list(new Date(since.getTime() - MARGIN_MS))) told.push(each);
  const ours: Ours[] = [];
  for (let from = 0; from < told.length; from += AT_ONCE)
    ours.push(...(await query((em) => ourSide(em, statements.provider, told.slice(from, from + AT_ONCE), scope))));
  const settled = told.flatMap((statement, at) => {
    const row = ours[at];
    return row === undefined || row.moving ? [] : [{ ...statement, ...row }];
  });
  const missing = await query((em) => unknownToProvider(em, statements.provider, told, scope));
  return [
    resultOf(BOOKS, settled.length + missing.length, [...settled.flatMap(outOfStep), ...missing]),
    resultOf(ORDERED, settled.length, settled.flatMap(withoutOrder)),
    resultOf(TAKEN_ONCE, settled.length, moreThanOne(settled.filter(wasTaken), 'checkout', 'checkout', 'captures')),
    resultOf(ONE_LIVE, settled.length, moreThanOne(settled.filter(isLive), 'cart', 'cart', 'live payments')),
    resultOf(VOIDED, settled.length, settled.flatMap(stillOpen)),
  ];
}

interface Ours {
  readonly checkout: string | null;
  readonly cart: string | null;
  readonly order: string | null;
  readonly unpaid: boolean;
  readonly moving: boolean;
  /** The ledger's movements of this intent: `capture ch_1 500 USD`. */
  readonly booked: readonly string[];
}
type Compared = Omit<PaymentStatement, 'checkoutId'> & { readonly checkoutId: string | null } & Ours;

const names = ({ intentId, checkoutId, order }: Compared): Breach['ids'] => ({
  intent: intentId,
  ...(checkoutId === null ? {} : { checkout: checkoutId }),
  ...(order === null ? {} : { order }),
});

/** A payment that names no checkout of ours is another shop's on the same account. */
function outOfStep(payment: Compared): Breach[] {
  if (payment.checkout === null && payment.booked.length === 0) return [];
  const theirs = payment.movements.map(written);
  const differences = [
    ...theirs.filter((movement) => !payment.booked.includes(movement)).map((movement) => `not booked: ${movement}`),
    ...payment.booked.filter((movement) => !theirs.includes(movement)).map((movement) => `booked only: ${movement}`),
  ];
  return differences.map((what) => ({ what, ids: names(payment) }));
}

const net = ({ movements }: Compared): number =>
  movements.reduce((sum, { type, amount }) => sum + (type === 'capture' ? amount.amount : -amount.amount), 0);

const withoutOrder = (payment: Compared): Breach[] =>
  payment.checkoutId !== null && payment.order === null && net(payment) !== 0
    ? [{ what: `${net(payment)} taken without an order`, ids: names(payment) }]
    : [];

const wasTaken = ({ movements, checkout }: Compared): boolean =>
  checkout !== null && movements.some(({ type }) => type === 'capture');

const isLive = (payment: Compared): boolean => payment.state === 'held' || net(payment) > 0;

function moreThanOne(payments: readonly Compared[], by: 'checkout' | 'cart', name: string, what: string): Breach[] {
  const found = Map.groupBy(payments, (payment) => payment[by]);
  return [...found].flatMap(([id, same]) =>
    id === null || same.length < 2
      ? []
      : [{ what: `${same.length} ${what}`, ids: { [name]: id, intents: same.map((each) => each.intentId).join(' ') } }],
  );
}

const stillOpen = (payment: Compared): Breach[] =>
  payment.unpaid && ['held', 'payable', 'processing'].includes(payment.state)
    ? [{ what: payment.state, ids: names(payment) }]
    : [];

async function firstCheckout(em: EntityManager): Promise<Date | null> {
  const [row] = await em.execute<{ at: string | null }[]>('select min(created_at)::text as at from checkouts');
  return row?.at == null ? null : new Date(row.at);
}

/** What we know of each payment, in the same order. */
const ourSide = (
  em: EntityManager,
  provider: string,
  told: readonly PaymentStatement[],
  { settledForMs }: AuditScope,
): Promise<Ours[]> =>
  em.execute<Ours[]>(
    `with ${UNSETTLED}
     select k.id as checkout, k.cart_id as cart, o.id as order,
       coalesce(k.closed_at is not null and k.status <> 'placed', false) as unpaid,
       exists (select from unsettled u where u.id = k.id) as moving,
       ${BOOKED} as booked
     from ${TOLD}
     left join orders o on o.checkout_id = k.id order by t.at`,
    [settledForMs, provider, toldRows(told), provider],
  );

/** Movements of the ledger whose payment the provider does not have. */
async function unknownToProvider(
  em: EntityManager,
  provider: string,
  told: readonly PaymentStatement[],
  { settledForMs }: AuditScope,
): Promise<Breach[]> {
  return em.execute<Breach[]>(
    `with ${UNSETTLED}
     select format('booked only: %s %s %s %s', l.type, l.reference, l.amount, l.currency) as what,
       jsonb_build_object('checkout', l.checkout_id, 'intent', l.intent_id) as ids
     from payment_ledger l
     where l.provider = ? and l.checkout_id not in (select id from unsettled)
       and l.intent_id not in (select value from jsonb_array_elements_text(?::jsonb)) order by l.id`,
    [settledForMs, provider, JSON.stringify(told.map(({ intentId }) => intentId))],
  );
}
