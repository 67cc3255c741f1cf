import type { Context } from 'koa';
import { z } from 'zod';
import type { Editor } from '../../../../domain/catalogue/index.js';
import type { Query, Transact } from '../../../../domain/kernel/transact.js';
import type { Caller } from '../../../../domain/users/index.js';
import { readIfMatch } from '../../../if-match.js';
import { Id } from '../../../openapi/schemas.js';

export interface CatalogueAdminDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly config: { readonly shop: { readonly currency: string } };
}

export const shared = { tag: 'admin', access: { permission: 'catalogue:write' } } as const;
export const ById = z.strictObject({ id: Id });

export const editorOf = ({
  caller,
  requestId,
  ctx,
}: {
  readonly caller: Caller;
  readonly requestId: string;
  readonly ctx: Context;
}): Editor => ({ caller, requestId, ifMatch: readIfMatch(ctx) });

/** Text as PostgreSQL takes it, empty or not. */
export const anyText = (longest: number) =>
  z
    .string()
    .trim()
    .max(longest)
    .refine((text) => !/[\0\p{Cs}]/u.test(text), 'holds characters that are not text');
