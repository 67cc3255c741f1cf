import fc from 'fast-check';
import {
  endHold,
  endOverdueHolds,
  extendHold,
  holdCart,
  releaseHold,
  releaseOwnerless,
} from '../../../src/domain/holds/index.js';
import { adjustStock } from '../../../src/domain/inventory/index.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';

const CLIENTS = 32;
const CARTS = 12;
const STOCK = 30;
const HOLD = 300_000;

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const KINDS = ['hold', 'extend', 'release', 'expire', 'sweep', 'reserve', 'confirm', 'give back', 'adjust'] as const;
const move = fc.record({ do: fc.constantFrom(...KINDS), cart: fc.nat(CARTS - 1), by: fc.integer({ min: -3, max: 3 }) });
const script = fc.array(move, { minLength: 4, maxLength: 8 });

/** Carts that all clients share, and what each move does to one of them. */
async function openFight() {
  const variants = [await market.variant(STOCK), await market.variant(STOCK), await market.variant(STOCK)];
  const at = (index: number): string => variants[index % variants.length] ?? '';
  const carts = await Promise.all(
    Array.from({ length: CARTS }, (_, index) =>
      market.cart([
        { variantId: at(index), quantity: 1 + (index % 3) },
        { variantId: at(index + 1), quantity: 2 },
      ]),
    ),
  );
  const checkouts = new Map<string, string>();
  let adjusted = 0;

  const holdOf = async (cartId: string): Promise<string> => {
    const [row] = await market.shop.rows<{ id: string }>(
      'select id from cart_holds where cart_id = ? order by id desc limit 1',
      [cartId],
    );
    return row?.id ?? newId();
  };
  const lapse = (table: string, where: string, id: string) =>
    market.shop.run(`update ${table} set expires_at = now() - interval '1 minute' where ${where} = ?`, [id]);

  return {
    variants,
    carts,
    adjusted: () => adjusted,

    async make({ do: kind, cart, by }: { do: (typeof KINDS)[number]; cart: number; by: number }): Promise<unknown> {
      const cartId = carts[cart] ?? '';
      const checkoutId = checkouts.get(cartId) ?? newId();
      switch (kind) {
        case 'hold':
          return market.transact((em) => holdCart(em, cartId, HOLD));
        case 'extend':
          return market.transact((em) => extendHold(em, cartId, HOLD));
        case 'release':
          return market.transact((em) => releaseHold(em, cartId));
        case 'expire': {
          const holdId = await holdOf(cartId);
          await lapse('cart_holds', 'id', holdId);
          await lapse('reservations', 'hold_id', holdId);
          // By its flow and by the sweep, one after the other: a release after the expiry.
          await market.transact((em) => endHold(em, holdId, 'expired'));
          return market.transact((em) => endHold(em, holdId, 'released'));
        }
        case 'sweep':
          await market.transact((em) => endOverdueHolds(em, { graceMs: 0, limit: 3 }));
          return market.transact((em) => releaseOwnerless(em, { graceMs: 0, limit: 3 }));
        case 'reserve': {
          const accepted = await market.accept(cartId);
          checkouts.set(cartId, accepted.checkoutId);
          return market.reserve(accepted.checkoutId);
        }
        case 'confirm':
          return market.place(checkoutId);
        case 'give back':
          await market.shut(checkoutId);
          await market.end(checkoutId, 'expired');
          return market.end(checkoutId, 'cancelled');
        case 'adjust':
          await market.transact((em) =>
            adjustStock(em, { variantId: at(cart), actorId: newId(), note: '', delta: by }),
          );
          adjusted += by;
      }
    },
  };
}

/** Refusals by rule; anything else, a deadlock or a broken constraint, is a fault. */
const RULES =
  /^(done|out_of_stock|not_found|conflict|checkout_in_progress|hold_limit|invalid_transition|cart_empty|price_changed)$/;

test('stock, fought over by 32 clients who hold, extend, release, expire, reserve, confirm and adjust, stays exact', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(script, { minLength: CLIENTS, maxLength: CLIENTS }), async (scripts) => {
      const fight = await openFight();
      const answers = await Promise.all(
        scripts.map(async (moves) => {
          const codes: string[] = [];
          for (const each of moves) codes.push(await codeOf(fight.make(each)));
          return codes;
        }),
      );
      expect(answers.flat().filter((code) => !RULES.test(code))).toEqual([]);
      expect(await market.stockFaults()).toEqual([]);

      // Everything that is not sold is given back, once more for good measure.
      for (const cart of fight.carts.keys())
        for (const last of ['give back', 'release', 'expire', 'expire'] as const)
          await codeOf(fight.make({ do: last, cart, by: 0 }));
      const [sold] = await market.shop.rows<{ sold: number }>(
        `select coalesce(sum(quantity), 0)::int as sold from order_lines
         where variant_id in (select value::uuid from jsonb_array_elements_text(?::jsonb))`,
        [JSON.stringify(fight.variants)],
      );
      const levels = await Promise.all(fight.variants.map((variantId) => market.stock(variantId)));
      const left = levels.reduce((sum, [onHand]) => sum + onHand, 0);
      expect(levels.map(([, reserved]) => reserved)).toEqual([0, 0, 0]);
      expect(left).toBe(3 * STOCK + fight.adjusted() - (sold?.sold ?? 0));
      expect(await market.stockFaults()).toEqual([]);
    }),
    { numRuns: 3, endOnFailure: true },
  );
});
