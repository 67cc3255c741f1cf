import { z } from 'zod';
import { MOST_OF_ONE } from '../../../../domain/cart/index.js';
import { newId } from '../../../../domain/kernel/ids.js';
import { decodeIdCursor, page } from '../../../../domain/kernel/page.js';
import {
  addBreak,
  changeBreak,
  listBreaks,
  readBreak,
  removeBreak,
  type SavedBreak,
} from '../../../../domain/pricing/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { Id, pageInput } from '../../../openapi/schemas.js';
import { authorOf, basisPoints, shared, type PricingAdminDeps } from './schemas.js';

const View = z
  .strictObject({
    id: Id,
    variant_id: Id.nullable().meta({ description: 'null: holds for every variant' }),
    min_quantity: z.int(),
    discount_bp: z.int(),
  })
  .meta({ id: 'QuantityBreak' });

const MinQuantity = z.int().min(2).max(MOST_OF_ONE);
const ById = z.strictObject({ id: Id });

const present = ({ id, variantId, minQuantity, discountBp }: SavedBreak): z.input<typeof View> => ({
  id,
  variant_id: variantId,
  min_quantity: minQuantity,
  discount_bp: discountBp,
});

/** Discounts from a quantity on; the best one earned counts, from the moment it is changed. */
export function createBreakRoutes({ query, transact }: PricingAdminDeps): Endpoint[] {
  const path = '/admin/pricing/quantity-breaks';
  return [
    endpoint({
      ...shared,
      method: 'get',
      path,
      operationId: 'listQuantityBreaks',
      summary: 'Quantity breaks, in the order they were made; of one variant or all',
      query: z.strictObject({ ...pageInput, variant_id: Id.optional() }),
      responses: { 200: z.strictObject({ data: z.array(View), next_cursor: z.string().nullable() }) },
      async handle({ query: { limit, cursor, variant_id: variantId = null } }) {
        const after = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query((em) => listBreaks(em, { variantId, after, limit: limit + 1 }));
        const { data, nextCursor } = page(rows, limit, present, ({ id }) => [id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'post',
      path,
      operationId: 'addQuantityBreak',
      summary: 'Add a quantity break; holds from now on',
      body: z.strictObject({
        variant_id: Id.nullable().default(null),
        min_quantity: MinQuantity,
        discount_bp: basisPoints(1),
      }),
      idempotency: 'optional',
      responses: { 201: View },
      async handle({ caller, requestId, claim, body }) {
        const by = authorOf(caller, requestId);
        const rule = { variantId: body.variant_id, minQuantity: body.min_quantity, discountBp: body.discount_bp };
        const made = await transact(async (em) => {
          const { resourceId: id, replayed } = await claim(em, newId());
          if (!replayed) await addBreak(em, by, { id, ...rule });
          return readBreak(em, id);
        });
        return { status: 201, body: present(made), headers: { Location: `/api/v1${path}/${made.id}` } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: `${path}/:id`,
      operationId: 'getQuantityBreak',
      summary: 'One quantity break',
      params: ById,
      responses: { 200: View },
      handle: async ({ params: { id } }) => ({ status: 200, body: present(await query((em) => readBreak(em, id))) }),
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: `${path}/:id`,
      operationId: 'changeQuantityBreak',
      summary: 'Change a quantity break; holds from now on',
      params: ById,
      body: z.strictObject({ min_quantity: MinQuantity.optional(), discount_bp: basisPoints(1).optional() }),
      responses: { 200: View },
      async handle({ caller, requestId, params: { id }, body }) {
        const by = authorOf(caller, requestId);
        const change = { minQuantity: body.min_quantity, discountBp: body.discount_bp };
        return { status: 200, body: present(await transact((em) => changeBreak(em, by, id, change))) };
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: `${path}/:id`,
      operationId: 'removeQuantityBreak',
      summary: 'Remove a quantity break',
      params: ById,
      responses: { 204: null },
      async handle({ caller, requestId, params: { id } }) {
        const by = authorOf(caller, requestId);
        await transact((em) => removeBreak(em, by, id));
        return { status: 204 };
      },
    }),
  ];
}
