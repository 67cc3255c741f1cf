import { z } from 'zod';
import {
  changeProduct,
  createProduct,
  deleteProduct,
  listProductRecords,
  PRODUCT_STATUSES,
  readProduct,
  setOptions,
  type ProductFields as Change,
  type ProductRecord,
} from '../../../../domain/catalogue/index.js';
import { DomainError } from '../../../../domain/kernel/errors.js';
import { newId } from '../../../../domain/kernel/ids.js';
import { decodeIdCursor, page } from '../../../../domain/kernel/page.js';
import { endpoint, type Endpoint, type Reply } from '../../../endpoint.js';
import { etag } from '../../../if-match.js';
import { longPageInput } from '../../../openapi/schemas.js';
import { Slug } from '../../categories.js';
import { AdminProduct, Images, Options, presentRecord, ProductFields, Sku, toChoices } from './schemas.js';
import { ById, editorOf, shared, type CatalogueAdminDeps } from './shared.js';

const Body = z.strictObject(ProductFields);

const reply = (status: number, product: ProductRecord): Reply => ({
  status,
  body: presentRecord(product),
  headers: { ETag: etag(product.version) },
});

/** Products as the shop's people and their vendors change them. */
export function createProductAdminRoutes({ transact, query, config }: CatalogueAdminDeps): Endpoint[] {
  const { currency } = config.shop;
  const toChange = ({ category_id: categoryId, released_on: releasedOn, ...body }: z.output<typeof Body>): Change => {
    const { tax_class: taxClass, vendor_id: vendorId, price, ...rest } = body;
    if (price !== undefined && price.currency !== currency)
      throw new DomainError('validation_failed', 'the price is not possible', {}, [
        { field: 'price.currency', message: `the shop sells in ${currency}` },
      ]);
    return { ...rest, categoryId, releasedOn, taxClass, vendorId, price: price?.amount };
  };

  return [
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/products',
      operationId: 'adminListProducts',
      summary: 'Products in any state, newest first; vendors see their own',
      query: z.strictObject({
        status: z.enum(PRODUCT_STATUSES).optional(),
        category: Slug.optional().meta({ description: 'a slug; its subtree is included' }),
        sku: Sku.optional().meta({ description: 'of any of its variants, exactly' }),
        ...longPageInput,
      }),
      responses: { 200: z.strictObject({ data: z.array(AdminProduct), next_cursor: z.string().nullable() }) },
      async handle({ caller, query: { status = null, category = null, sku = null, limit, cursor } }) {
        const before = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query((em) =>
          listProductRecords(em, caller, { status, category, sku, before, limit: limit + 1 }),
        );
        const { data, nextCursor } = page(rows, limit, presentRecord, (row) => [row.id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/products/:id',
      operationId: 'adminGetProduct',
      summary: 'A product with all its variants',
      params: ById,
      responses: { 200: AdminProduct },
      handle: async ({ caller, params }) => reply(200, await query((em) => readProduct(em, caller, params.id))),
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/admin/products',
      operationId: 'adminCreateProduct',
      summary: 'Make a product, a draft where nothing else is said, with the variants its options give',
      body: z.strictObject({
        ...ProductFields,
        sku: Sku,
        title: ProductFields.title.unwrap(),
        category_id: ProductFields.category_id.unwrap(),
        price: ProductFields.price.unwrap(),
        images: Images.optional(),
        options: Options.default([]),
      }),
      idempotency: 'optional',
      responses: { 201: AdminProduct },
      async handle(request) {
        const { sku, options, images, title, ...body } = request.body;
        const fields = { ...toChange(body), images, title, categoryId: body.category_id, price: body.price.amount };
        const product = await transact(async (em) => {
          const { resourceId: id, replayed } = await request.claim(em, newId());
          if (!replayed)
            await createProduct(em, editorOf(request), { ...fields, id, sku, currency, options: toChoices(options) });
          return readProduct(em, request.caller, id);
        });
        return reply(201, product);
      },
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: '/admin/products/:id',
      operationId: 'adminChangeProduct',
      summary: 'Change a product; publish, withdraw or archive it',
      params: ById,
      body: Body,
      responses: { 200: AdminProduct },
      handle: (request) =>
        change(request, (em, editor) => changeProduct(em, editor, request.params.id, toChange(request.body))),
    }),
    endpoint({
      ...shared,
      method: 'put',
      path: '/admin/products/:id/images',
      operationId: 'adminSetImages',
      summary: 'Set the images of a product, by URL and in order',
      params: ById,
      body: z.strictObject({ images: Images }),
      responses: { 200: AdminProduct },
      handle: (request) => change(request, (em, editor) => changeProduct(em, editor, request.params.id, request.body)),
    }),
    endpoint({
      ...shared,
      method: 'put',
      path: '/admin/products/:id/options',
      operationId: 'adminSetOptions',
      summary: 'Give a product one variant for each combination of values; what is no combination is retired',
      params: ById,
      body: z.strictObject({ options: Options }),
      responses: { 200: AdminProduct },
      handle: (request) =>
        change(request, (em, editor) => setOptions(em, editor, request.params.id, toChoices(request.body.options))),
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: '/admin/products/:id',
      operationId: 'adminDeleteProduct',
      summary: 'Remove a product that no cart, order or movement of stock names; archive others',
      params: ById,
      responses: { 204: null },
      async handle(request) {
        await transact((em) => deleteProduct(em, editorOf(request), request.params.id));
        return { status: 204 };
      },
    }),
  ];

  async function change(
    request: Parameters<typeof editorOf>[0] & { readonly params: { readonly id: string } },
    work: (em: Parameters<typeof readProduct>[0], editor: ReturnType<typeof editorOf>) => Promise<void>,
  ): Promise<Reply> {
    const product = await transact(async (em) => {
      await work(em, editorOf(request));
      return readProduct(em, request.caller, request.params.id);
    });
    return reply(200, product);
  }
}
