import { DomainError } from '../kernel/errors.js';
import type { StockChange, StockLevel, StockLine } from './types.js';

export const available = (level: StockLevel): number => level.onHand - level.reserved;

/** Whether a variant sold out or came back between two levels. */
export const turned = (before: StockLevel, after: StockLevel): boolean =>
  (available(before) === 0) !== (available(after) === 0);

export const isLow = ({ lowAt = null, ...level }: StockLevel): boolean => lowAt !== null && available(level) <= lowAt;

/** Whether a variant became low between two levels; one that stays low did not. */
export const dipped = ({ before, after }: StockChange): boolean => isLow(after) && !isLow(before);

/** @throws DomainError `out_of_stock` with variantId and available */
export function reserve(level: StockLevel, quantity: number): StockLevel {
  if (quantity > available(level))
    throw new DomainError('out_of_stock', 'not enough stock', {
      variantId: level.variantId,
      available: available(level),
    });
  return { ...level, reserved: level.reserved + quantity };
}

export const release = (level: StockLevel, quantity: number): StockLevel => ({
  ...level,
  reserved: level.reserved - quantity,
});

/** Reserved stock leaves the warehouse. */
export const sell = (level: StockLevel, quantity: number): StockLevel => ({
  ...level,
  onHand: level.onHand - quantity,
  reserved: level.reserved - quantity,
});

/** What the database counts up to. */
export const MOST_ON_HAND = 2_147_483_647;

/** @throws DomainError `out_of_stock` when less would be on hand than is reserved; `validation_failed` beyond all counting */
export function adjust(level: StockLevel, delta: number): StockLevel {
  const onHand = level.onHand + delta;
  if (onHand > MOST_ON_HAND)
    throw new DomainError('validation_failed', `at most ${MOST_ON_HAND} can be on hand`, {
      variantId: level.variantId,
    });
  if (onHand < level.reserved)
    throw new DomainError('out_of_stock', 'stock cannot fall below what is reserved', {
      variantId: level.variantId,
      reserved: level.reserved,
    });
  return { ...level, onHand };
}

/** One line per variant, in the order in which rows are locked: two lines of one variant count together. */
export function byVariant(lines: readonly StockLine[]): StockLine[] {
  const sums = new Map<string, number>();
  for (const line of lines) sums.set(line.variantId, (sums.get(line.variantId) ?? 0) + line.quantity);
  return [...sums]
    .map(([variantId, quantity]) => ({ variantId, quantity }))
    .sort((a, b) => (a.variantId < b.variantId ? -1 : 1));
}

/** What is missing, for all lines at once. */
export function shortages(
  levels: ReadonlyMap<string, StockLevel>,
  lines: readonly StockLine[],
): { readonly variantId: string; readonly available: number }[] {
  return byVariant(lines).flatMap(({ variantId, quantity }) => {
    const level = levels.get(variantId);
    const free = level === undefined ? 0 : available(level);
    return quantity > free ? [{ variantId, available: Math.max(0, free) }] : [];
  });
}
