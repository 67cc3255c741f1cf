import { z } from 'zod';
import type { Query, Transact } from '../../../../domain/kernel/transact.js';
import { assertMay, type Caller } from '../../../../domain/users/index.js';

export interface PricingAdminDeps {
  readonly query: Query;
  readonly transact: Transact;
}

export const shared = { tag: 'admin', access: { permission: 'pricing:write' } } as const;

/** Who changes a rule, for the audit log. */
export function authorOf(caller: Caller, requestId: string) {
  assertMay(caller, 'pricing:write');
  return { actor: { type: 'user', id: caller.userId }, requestId } as const;
}

export const basisPoints = (min: number) =>
  z.int().min(min).max(10_000).meta({ description: 'basis points: 1000 is 10 %' });

export const Name = z.string().trim().min(1).max(100);

export const TaxClass = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be the name of a tax class, such as standard')
  .meta({ description: 'of products and shipping methods' });
