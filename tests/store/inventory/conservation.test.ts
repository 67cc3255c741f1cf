import fc from 'fast-check';
import { newId } from '../../../src/domain/kernel/ids.js';
import {
  adjustStock,
  importStock,
  releaseStock,
  reserveStock,
  restock,
  sellReserved,
  type StockLine,
} from '../../../src/domain/inventory/index.js';
import { codeOf, openMarket, type Market } from '../../support/builders/market.js';

let market: Market;
beforeAll(async () => {
  market = await openMarket();
});
afterAll(() => market.close());

const VARIANTS = 3;
const BUYERS = 4;

type Move =
  | {
      readonly do: 'reserve';
      readonly buyer: number;
      readonly lines: readonly { readonly variant: number; readonly quantity: number }[];
    }
  | {
      readonly do: 'hand over';
      readonly buyer: number;
      readonly lines: readonly { readonly variant: number; readonly quantity: number }[];
    }
  | { readonly do: 'release' | 'sell' | 'restock'; readonly buyer: number }
  | { readonly do: 'adjust' | 'import'; readonly variant: number; readonly to: number };

const buyer = fc.nat(BUYERS - 1);
const variant = fc.nat(VARIANTS - 1);
const lines = fc.array(fc.record({ variant, quantity: fc.integer({ min: 1, max: 4 }) }), {
  minLength: 1,
  maxLength: 4,
});
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('reserve' as const, 'hand over' as const), buyer, lines }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('release' as const, 'sell' as const, 'restock' as const), buyer }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom('adjust' as const, 'import' as const),
      variant,
      to: fc.integer({ min: 0, max: 12 }),
    }),
  },
);

test('stock, under any moves of many at once, is never lost, never sold twice and never below what is reserved', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(move, { minLength: 6, maxLength: 24 }), async (moves) => {
      const variants = await Promise.all(Array.from({ length: VARIANTS }, () => market.variant(8)));
      const buyers = Array.from({ length: BUYERS }, () => ({ checkoutId: newId(), holdId: newId(), orderId: newId() }));
      const answers = await Promise.all(moves.map((each) => codeOf(make(each, variants, buyers))));
      expect(answers.filter((answer) => !ALLOWED.has(answer))).toEqual([]);
      expect(await market.stockFaults()).toEqual([]);
    }),
    { numRuns: 25 },
  );
});

/** Refused by rule, or by the index that keeps an owner from reserving a variant twice. */
const ALLOWED: ReadonlySet<string> = new Set(['done', 'out_of_stock', '23505']);

function make(
  each: Move,
  variants: readonly string[],
  buyers: readonly { checkoutId: string; holdId: string; orderId: string }[],
): Promise<unknown> {
  const at = (index: number): string => variants[index] ?? '';
  const toLines = (wanted: readonly { variant: number; quantity: number }[]): StockLine[] =>
    wanted.map(({ variant: index, quantity }) => ({ variantId: at(index), quantity }));
  const who = buyers['buyer' in each ? each.buyer : 0] ?? { checkoutId: '', holdId: '', orderId: '' };
  return market.transact<unknown>(async (em) => {
    switch (each.do) {
      case 'reserve':
        return reserveStock(em, { checkoutId: who.checkoutId }, toLines(each.lines), 60_000);
      case 'hand over': {
        // The hold's own row is what its users lock; here the advisory lock stands for it.
        await em.execute('select pg_advisory_xact_lock(hashtext(?))', [who.holdId]);
        await reserveStock(em, { holdId: who.holdId }, toLines(each.lines), 60_000);
        return reserveStock(em, { checkoutId: newId() }, toLines(each.lines.slice(1)), 60_000, who.holdId);
      }
      case 'release':
        return releaseStock(em, { checkoutId: who.checkoutId }, 'released');
      case 'sell':
        return sellReserved(em, who.checkoutId, newId());
      case 'restock': {
        const sold = await sellReserved(em, who.checkoutId, who.orderId);
        return restock(em, who.orderId, sold);
      }
      case 'adjust':
        return adjustStock(em, { variantId: at(each.variant), actorId: newId(), note: '', onHand: each.to });
      case 'import':
        return importStock(em, [{ variantId: at(each.variant), onHand: each.to, replace: true }], newId());
    }
  });
}
