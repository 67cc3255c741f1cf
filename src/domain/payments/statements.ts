import { isId } from '../kernel/ids.js';
import type { PaymentStatement } from './ports.js';

/**
 * SQL that lays what a provider told beside our books: rows `t (at, intent, checkout, created)`, each with the checkout `k` that it is
 * of, if there is one. Parameters: `toldRows`, the provider.
 */
export const TOLD = `
  jsonb_to_recordset(?::jsonb) as t (at integer, intent text, checkout uuid, created timestamptz)
  left join checkouts k on k.id = coalesce(t.checkout,
    (select l.checkout_id from payment_ledger l where l.provider = ? and l.intent_id = t.intent limit 1))`;

/** SQL, beside `TOLD`: what the ledger has of a payment, as `written` says it. Refunds that came back are left out. Parameter: the provider. */
export const BOOKED = `
  coalesce((select jsonb_agg(concat_ws(' ', l.type, l.reference, l.amount, l.currency)) from payment_ledger l
    where l.provider = ? and l.intent_id = t.intent and l.type in ('capture', 'refund')
      and not (l.type = 'refund' and exists (select from payment_ledger back where back.provider = l.provider
        and back.type = 'refund_reversal' and back.reference = l.reference))), '[]')`;

export const toldRows = (told: readonly PaymentStatement[]): string =>
  JSON.stringify(
    told.map(({ intentId, checkoutId, createdAt }, at) => ({
      at,
      created: createdAt,
      intent: intentId,
      checkout: checkoutId !== null && isId(checkoutId) ? checkoutId : null,
    })),
  );

/** A movement in words that compare, such as `capture ch_1 500 USD`. */
export const written = ({ type, reference, amount }: PaymentStatement['movements'][number]): string =>
  `${type} ${reference} ${amount.amount} ${amount.currency}`;
