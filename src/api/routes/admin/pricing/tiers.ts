import { z } from 'zod';
import { newId } from '../../../../domain/kernel/ids.js';
import { DomainError } from '../../../../domain/kernel/errors.js';
import { decodeCursor, page } from '../../../../domain/kernel/page.js';
import { addTier, changeTier, listTiers, readTier, removeTier } from '../../../../domain/pricing/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { TierCode } from '../../pricing.js';
import { pageInput } from '../../../openapi/schemas.js';
import { authorOf, basisPoints, Name, shared, type PricingAdminDeps } from './schemas.js';

const View = z.strictObject({ code: z.string(), name: z.string(), discount_bp: z.int() }).meta({ id: 'Tier' });

const ByCode = z.strictObject({ code: TierCode });

const present = (tier: { readonly code: string; readonly name: string; readonly discountBp: number }) => ({
  code: tier.code,
  name: tier.name,
  discount_bp: tier.discountBp,
});

/** Groups of customers with a discount on every price, from the moment it is changed. */
export function createTierRoutes({ query, transact }: PricingAdminDeps): Endpoint[] {
  const path = '/admin/pricing/tiers';
  return [
    endpoint({
      ...shared,
      method: 'get',
      path,
      operationId: 'listTiers',
      summary: 'Tiers by code',
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(View), next_cursor: z.string().nullable() }) },
      async handle({ query: { limit, cursor } }) {
        const [after = null] = cursor === undefined ? [] : decodeCursor(cursor, 1);
        if (typeof after === 'number') throw new DomainError('validation_failed', 'the cursor is not one of ours');
        const rows = await query((em) => listTiers(em, { after, limit: limit + 1 }));
        const { data, nextCursor } = page(rows, limit, present, ({ code }) => [code]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'post',
      path,
      operationId: 'addTier',
      summary: 'Add a tier, to be given to customers',
      body: z.strictObject({ code: TierCode, name: Name, discount_bp: basisPoints(0) }),
      idempotency: 'optional',
      responses: { 201: View },
      async handle({ caller, requestId, claim, body }) {
        const by = authorOf(caller, requestId);
        const tier = { code: body.code, name: body.name, discountBp: body.discount_bp };
        const made = await transact(async (em) => {
          // The code, which is in the body, says which tier a repeat is about.
          const { replayed } = await claim(em, newId());
          if (!replayed) await addTier(em, by, tier);
          return readTier(em, tier.code);
        });
        return { status: 201, body: present(made), headers: { Location: `/api/v1${path}/${made.code}` } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: `${path}/:code`,
      operationId: 'getTier',
      summary: 'One tier',
      params: ByCode,
      responses: { 200: View },
      handle: async ({ params: { code } }) => ({ status: 200, body: present(await query((em) => readTier(em, code))) }),
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: `${path}/:code`,
      operationId: 'changeTier',
      summary: 'Change a tier; holds for all its customers from now on',
      params: ByCode,
      body: z.strictObject({ name: Name.optional(), discount_bp: basisPoints(0).optional() }),
      responses: { 200: View },
      async handle({ caller, requestId, params: { code }, body }) {
        const by = authorOf(caller, requestId);
        const change = { name: body.name, discountBp: body.discount_bp };
        return { status: 200, body: present(await transact((em) => changeTier(em, by, code, change))) };
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: `${path}/:code`,
      operationId: 'removeTier',
      summary: 'Remove a tier that no customer is of',
      params: ByCode,
      responses: { 204: null },
      async handle({ caller, requestId, params: { code } }) {
        const by = authorOf(caller, requestId);
        await transact((em) => removeTier(em, by, code));
        return { status: 204 };
      },
    }),
  ];
}
