import { z } from 'zod';
import { addVariant, changeVariant, deleteVariant, readVariant } from '../../../../domain/catalogue/index.js';
import { newId } from '../../../../domain/kernel/ids.js';
import { endpoint, type Endpoint, type Reply } from '../../../endpoint.js';
import { etag } from '../../../if-match.js';
import { AdminVariant, presentVariant, Sku, VariantFields } from './schemas.js';
import { ById, editorOf, shared, type CatalogueAdminDeps } from './shared.js';

const reply = (status: number, variant: Awaited<ReturnType<typeof readVariant>>): Reply => ({
  status,
  body: presentVariant(variant, variant.currency),
  headers: { ETag: etag(variant.version) },
});

/** Variants one by one; all of a product at once are set by its options. */
export function createVariantAdminRoutes({ transact, query }: CatalogueAdminDeps): Endpoint[] {
  return [
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/variants/:id',
      operationId: 'adminGetVariant',
      summary: 'A variant, on sale or retired',
      params: ById,
      responses: { 200: AdminVariant },
      handle: async ({ caller, params }) => reply(200, await query((em) => readVariant(em, caller, params.id))),
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/admin/products/:id/variants',
      operationId: 'adminAddVariant',
      summary: 'Add a variant; none of it is on hand',
      params: ById,
      body: z.strictObject({ ...VariantFields, sku: Sku }),
      idempotency: 'optional',
      responses: { 201: AdminVariant },
      async handle(request) {
        const { price_adjustment: priceAdjustment, ...fields } = request.body;
        const variant = await transact(async (em) => {
          const { resourceId: id, replayed } = await request.claim(em, newId());
          if (!replayed) await addVariant(em, editorOf(request), request.params.id, { ...fields, priceAdjustment, id });
          return readVariant(em, request.caller, id);
        });
        return reply(201, variant);
      },
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: '/admin/variants/:id',
      operationId: 'adminChangeVariant',
      summary: 'Change a variant; retire it or put it on sale again',
      params: ById,
      body: z.strictObject({ ...VariantFields, status: z.enum(['active', 'retired']).optional() }),
      responses: { 200: AdminVariant },
      async handle(request) {
        const { price_adjustment: priceAdjustment, ...fields } = request.body;
        const variant = await transact(async (em) => {
          await changeVariant(em, editorOf(request), request.params.id, { ...fields, priceAdjustment });
          return readVariant(em, request.caller, request.params.id);
        });
        return reply(200, variant);
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: '/admin/variants/:id',
      operationId: 'adminDeleteVariant',
      summary: 'Remove a variant that no cart, order or movement of stock names; retire others',
      params: ById,
      responses: { 204: null },
      async handle(request) {
        await transact((em) => deleteVariant(em, editorOf(request), request.params.id));
        return { status: 204 };
      },
    }),
  ];
}
