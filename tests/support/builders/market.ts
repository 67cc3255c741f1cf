import { randomBytes } from 'node:crypto';
import type { EntityManager } from '@mikro-orm/postgresql';
import {
  acceptCheckout,
  beginAuthorisation,
  closeCheckout,
  endUnpaid,
  placeCheckout,
  reserveCheckout,
  settleAuthorisation,
  type CheckoutRequest,
  type SecuredPayment,
} from '../../../src/domain/checkout/index.js';
import { importStock } from '../../../src/domain/inventory/index.js';
import type { Cipher } from '../../../src/domain/kernel/cipher.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import type { Money } from '../../../src/domain/kernel/money.js';
import type { AuthoriseOutcome, PaymentEvent } from '../../../src/domain/payments/index.js';
import { createCipher } from '../../../src/infra/crypto/aes-cipher.js';
import { createStripeLimits } from '../../../src/infra/stripe/limits.js';
import { openStore } from '../store.js';

export const usd = (amount: number): Money => ({ amount, currency: 'USD' });

export interface CartLine {
  readonly variantId: string;
  readonly quantity?: number;
  /** Minor units; as the builder's products cost. */
  readonly unitPrice?: number;
}

export const authorised = (intentId: string): SecuredPayment => ({
  kind: 'authorised',
  intentId,
  expiresAt: new Date(Date.now() + 6 * 86_400_000).toISOString(),
});

const freshCipher = (): Cipher =>
  createCipher({ keys: [{ id: 'k1', secret: randomBytes(32) }], blindIndexKey: randomBytes(32) });

/** A shop with everything between a filled cart and an order, step by step. */
export async function openMarket({ cipher = freshCipher() }: { readonly cipher?: Cipher } = {}) {
  const store = await openStore();
  const { transact, query, shop } = store;
  // The first product makes their category.
  await shop.product({ stock: 0 });

  /** What a reservation looks at: whether the provider takes the total. */
  const gateways = new Map([['stripe', { limits: createStripeLimits() }]]);

  /** Its stock comes by an import, so that movements add up to it. */
  async function variant(stock: number, price = 1_000): Promise<string> {
    const { variantId } = await shop.product({ stock: 0, price });
    await transact((em) => importStock(em, [{ variantId, onHand: stock, replace: true }], 'first'));
    return variantId;
  }

  async function cart(lines: readonly CartLine[], userId: string | null = null): Promise<string> {
    const id = newId();
    await shop.run("insert into carts (id, user_id, token_hash, currency, checkout_id) values (?, ?, ?, 'USD', ?)", [
      id,
      userId,
      userId === null ? newId() : null,
      newId(),
    ]);
    for (const line of lines) await put(id, line);
    return id;
  }

  /** Sets a line of a cart, whatever is under way. */
  const put = (cartId: string, { variantId, quantity = 1, unitPrice = 1_000 }: CartLine): Promise<unknown> =>
    shop.run(
      `insert into cart_lines (id, cart_id, variant_id, quantity, unit_price_amount, currency) values (?, ?, ?, ?, ?, 'USD')
       on conflict (cart_id, variant_id) do update set quantity = excluded.quantity`,
      [newId(), cartId, variantId, quantity, unitPrice],
    );

  const request = (cartId: string, change: Partial<CheckoutRequest> = {}): CheckoutRequest => ({
    cartId,
    bodyHash: 'same',
    contact: { email: 'buyer@example.com', phone: null },
    shippingAddress: { name: 'A Buyer', line1: '1 Main St', city: 'Springfield', postal_code: '12345', country: 'US' },
    billingAddress: null,
    shippingMethod: 'standard',
    provider: 'stripe',
    paymentMethod: 'pm_card_visa',
    expectedTotal: null,
    addressIndex: null,
    claim: async (_em, resourceId) => ({ resourceId, replayed: false }),
    ...change,
  });

  const accept = (cartId: string, change: Partial<CheckoutRequest> = {}) =>
    transact((em) => acceptCheckout(em, cipher, request(cartId, change)));

  const reserveIn = (em: EntityManager, checkoutId: string, reservationMs = 900_000) =>
    reserveCheckout(em, { reservationMs, pricesIncludeTax: false, gateways }, checkoutId);

  /** Every variant whose counters, live reservations and movements do not fit together. */
  const stockFaults = () =>
    shop.rows(
      `select s.variant_id, s.on_hand, s.reserved, r.live, m.moved from stock_levels s
       cross join lateral (select coalesce(sum(quantity), 0) as live from reservations r
         where r.variant_id = s.variant_id and r.state = 'live') r
       cross join lateral (select coalesce(sum(delta), 0) as moved from stock_movements m
         where m.variant_id = s.variant_id) m
       where s.reserved <> r.live or s.reserved not between 0 and s.on_hand or s.on_hand <> m.moved`,
    );

  return {
    ...store,
    cipher,
    variant,
    cart,
    put,
    accept,
    reserveIn,
    reserve: (checkoutId: string, reservationMs?: number) => transact((em) => reserveIn(em, checkoutId, reservationMs)),
    begin: (checkoutId: string) => query((em) => beginAuthorisation(em, checkoutId, 1)),
    settle: (checkoutId: string, outcome: Exclude<AuthoriseOutcome, { kind: 'unknown' }>) =>
      transact((em) => settleAuthorisation(em, checkoutId, 1, outcome)),
    place: (checkoutId: string, payment = authorised(`pi_${checkoutId}`)) =>
      transact((em) => placeCheckout(em, checkoutId, payment)),
    shut: (checkoutId: string) => transact((em) => closeCheckout(em, checkoutId)),
    end: (checkoutId: string, status: 'failed' | 'cancelled' | 'expired' = 'cancelled') =>
      transact((em) => endUnpaid(em, checkoutId, status, { code: status, data: {} })),

    /** A checkout of a new cart, accepted and reserved. */
    async reserved(lines: readonly CartLine[], change: Partial<CheckoutRequest> = {}) {
      const cartId = await cart(lines);
      const { checkoutId, orderId } = await accept(cartId, change);
      await transact((em) => reserveIn(em, checkoutId));
      return { cartId, checkoutId, orderId };
    },

    /** [on hand, reserved] */
    async stock(variantId: string): Promise<[number, number]> {
      const [row] = await shop.rows<{ on_hand: number; reserved: number }>(
        'select on_hand, reserved from stock_levels where variant_id = ?',
        [variantId],
      );
      return [row?.on_hand ?? NaN, row?.reserved ?? NaN];
    },

    stockFaults,

    /** For the end of each test. */
    async assertStock(): Promise<void> {
      const faults = await stockFaults();
      if (faults.length > 0) throw new Error(`stock does not add up: ${JSON.stringify(faults)}`);
    },

    checkoutRow: async (checkoutId: string) => {
      const [row] = await shop.rows<{
        status: string;
        closing: boolean;
        closed_at: string | null;
        failure_code: string | null;
      }>('select status, closing, closed_at, failure_code from checkouts where id = ?', [checkoutId]);
      return row;
    },

    stepsOf: async (checkoutId: string): Promise<string[]> =>
      (
        await shop.rows<{ step: string }>('select step from checkout_steps where checkout_id = ? order by id', [
          checkoutId,
        ])
      ).map((row) => row.step),

    /** An event as the provider tells it. */
    event: (
      checkoutId: string | null,
      outcome: PaymentEvent['outcome'],
      change: Partial<PaymentEvent> = {},
    ): PaymentEvent => ({
      id: `evt_${newId()}`,
      provider: 'stripe',
      type: 'payment_intent.test',
      createdAt: new Date().toISOString(),
      intentId: outcome !== null && 'intentId' in outcome ? outcome.intentId : null,
      checkoutId,
      outcome,
      amount: null,
      ...change,
    }),

    /** Does the work in a transaction that stays open, its locks held, until `commit`. */
    async holdOpen<T>(
      work: (em: EntityManager) => Promise<T>,
    ): Promise<{ readonly result: T; commit(): Promise<void> }> {
      const open = Promise.withResolvers<void>();
      const worked = Promise.withResolvers<T>();
      const done = transact(async (em) => {
        worked.resolve(await work(em));
        await open.promise;
      }).catch((error: unknown) => {
        worked.reject(error);
        throw error;
      });
      const result = await worked.promise.catch(async (error: unknown) => {
        await done.catch(() => undefined);
        throw error;
      });
      return {
        result,
        commit: () => {
          open.resolve();
          return done;
        },
      };
    },

    /** Resolves once so many sessions of this database wait for a lock. */
    async untilBlocked(count = 1): Promise<void> {
      for (let look = 0; look < 500; look += 1) {
        const [row] = await shop.rows<{ waiting: number }>(
          `select count(*) as waiting from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        if ((row?.waiting ?? 0) >= count) return;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error('nobody waits for a lock');
    },
  };
}

export type Market = Awaited<ReturnType<typeof openMarket>>;

/** What a refusal was: its code, or `done`. */
export const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code?: string }).code ?? String(error),
  );
