import { DomainError } from '../kernel/errors.js';
import { allocate, roundDiv } from '../kernel/money.js';
import type { RefundWish } from './types.js';

/** A line as it was paid; amounts in minor units, goods without their tax. */
export interface PaidLine {
  readonly lineId: string;
  readonly quantity: number;
  /** How many are back on the shelf. */
  readonly restocked: number;
  readonly goods: number;
  readonly tax: number;
}

/** What was paid for an order, in parts that sum exactly to it. */
export interface Paid {
  readonly lines: readonly PaidLine[];
  /** Without its tax. */
  readonly shipping: number;
  readonly shippingTax: number;
}

export interface RefundedLine {
  readonly lineId: string;
  /** Zero where only money is given back. */
  readonly quantity: number;
  readonly restock: number;
  readonly goods: number;
  readonly tax: number;
}

/** The parts of one refund. */
export interface Parts {
  readonly lines: readonly RefundedLine[];
  readonly shipping: number;
  readonly shippingTax: number;
}

/** A refund that has its share already. `open`: what it is to restock is not on the shelf yet. */
export interface GivenParts extends Parts {
  readonly open: boolean;
}

export const totalOf = ({ lines, shipping, shippingTax }: Parts): number =>
  lines.reduce((sum, line) => sum + line.goods + line.tax, shipping + shippingTax);

/** What is left of an order after the refunds that were given or are under way. */
export function leftOf(paid: Paid, given: readonly GivenParts[]): Paid {
  const sum = (of: (parts: GivenParts) => number): number => given.reduce((total, parts) => total + of(parts), 0);
  const ofLine = (lineId: string, of: (line: RefundedLine, parts: GivenParts) => number): number =>
    sum((parts) => parts.lines.reduce((total, line) => total + (line.lineId === lineId ? of(line, parts) : 0), 0));
  return {
    lines: paid.lines.map((line) => ({
      lineId: line.lineId,
      quantity: atLeastZero(line.quantity - ofLine(line.lineId, ({ quantity }) => quantity)),
      restocked: line.restocked + ofLine(line.lineId, ({ restock }, { open }) => (open ? restock : 0)),
      goods: atLeastZero(line.goods - ofLine(line.lineId, ({ goods }) => goods)),
      tax: atLeastZero(line.tax - ofLine(line.lineId, ({ tax }) => tax)),
    })),
    shipping: atLeastZero(paid.shipping - sum((parts) => parts.shipping)),
    shippingTax: atLeastZero(paid.shippingTax - sum((parts) => parts.shippingTax)),
  };
}

/**
 * The parts of a refund out of what is left. Each part is at most what is left of it, and they sum exactly to the total:
 * the last piece of a line takes all that is left of the line, an amount is split by the largest remainder.
 * @throws DomainError `validation_failed` for lines that are not the order's, `not_refundable` for more than is left
 */
export function planRefund(paid: Paid, given: readonly GivenParts[], wish: RefundWish): Parts {
  const left = leftOf(paid, given);
  const parts = partsOf(paid, left, wish);
  if (totalOf(parts) === 0) throw notRefundable(left, 'nothing is left to give back');
  return parts;
}

function partsOf(paid: Paid, left: Paid, wish: RefundWish): Parts {
  const bought = new Map(paid.lines.map((line) => [line.lineId, line.quantity]));
  const shelvable = ({ lineId, restocked }: PaidLine): number => atLeastZero((bought.get(lineId) ?? 0) - restocked);
  switch (wish.kind) {
    case 'whole':
      return {
        ...left,
        lines: left.lines
          .map((line) => ({
            ...take(line, line.quantity),
            restock: wish.restock ? Math.min(line.quantity, shelvable(line)) : 0,
          }))
          .filter(isSomething),
      };
    case 'parts': {
      const lines = wish.lines.map(({ lineId, quantity, restock }) => {
        const line = left.lines.find((each) => each.lineId === lineId);
        if (line === undefined || wish.lines.filter((each) => each.lineId === lineId).length > 1)
          throw new DomainError('validation_failed', 'each line must be one of the order’s, and named once', {
            lineId,
          });
        if (quantity > line.quantity) throw notRefundable(left, 'more pieces than are left', lineId);
        return { ...take(line, quantity), restock: restock ? Math.min(quantity, shelvable(line)) : 0 };
      });
      return {
        lines,
        shipping: wish.shipping ? left.shipping : 0,
        shippingTax: wish.shipping ? left.shippingTax : 0,
      };
    }
    case 'amount':
      return takeAmount(left, wish.amount);
  }
}

/** So many of the pieces that are left, for their share of what is left of the line. */
function take({ lineId, quantity: pieces, goods, tax }: PaidLine, quantity: number): RefundedLine {
  if (quantity === pieces) return { lineId, quantity, restock: 0, goods, tax };
  const share = roundDiv(BigInt(goods + tax) * BigInt(quantity), BigInt(pieces));
  const [goodsShare = 0, taxShare = 0] = split(share, [goods, tax]);
  return { lineId, quantity, restock: 0, goods: goodsShare, tax: taxShare };
}

function takeAmount(left: Paid, amount: number): Parts {
  if (amount > amountLeft(left)) throw notRefundable(left, 'more money than is left');
  const shares = split(amount, [
    ...left.lines.flatMap((line) => [line.goods, line.tax]),
    left.shipping,
    left.shippingTax,
  ]);
  const [shipping = 0, shippingTax = 0] = shares.slice(-2);
  const lines = left.lines.map(({ lineId }, index) => ({
    lineId,
    quantity: 0,
    restock: 0,
    goods: shares[index * 2] ?? 0,
    tax: shares[index * 2 + 1] ?? 0,
  }));
  return { lines: lines.filter(isSomething), shipping, shippingTax };
}

export const amountLeft = (left: Paid): number =>
  left.lines.reduce((sum, line) => sum + line.goods + line.tax, left.shipping + left.shippingTax);

/** By weights of which the amount is at most the sum: then no share is more than its weight. */
const split = (amount: number, weights: readonly number[]): number[] =>
  allocate({ amount, currency: 'XXX' }, weights).map((share) => share.amount);

const isSomething = ({ quantity, goods, tax }: RefundedLine): boolean => quantity > 0 || goods > 0 || tax > 0;

const atLeastZero = (amount: number): number => Math.max(0, amount);

const notRefundable = (left: Paid, message: string, lineId?: string): DomainError =>
  new DomainError('not_refundable', message, {
    refundable: amountLeft(left),
    ...(lineId === undefined ? {} : { lineId }),
  });
