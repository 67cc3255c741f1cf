import { DomainError } from '../../kernel/errors.js';

/** Where a product's status may go: what was archived is looked at again before it is sold. */
const NEXT = {
  draft: ['published', 'archived'],
  published: ['draft', 'archived'],
  archived: ['draft'],
} as const satisfies Record<string, readonly string[]>;
export type ProductStatus = keyof typeof NEXT;
export const PRODUCT_STATUSES = Object.keys(NEXT) as [ProductStatus, ...ProductStatus[]];

/** To stay is allowed. @throws DomainError `invalid_transition` */
export function assertMoveAllowed(from: ProductStatus, to: ProductStatus): void {
  if (from !== to && !(NEXT[from] as readonly string[]).includes(to))
    throw new DomainError('invalid_transition', `a product that is ${from} cannot become ${to}`, { from, to });
}
