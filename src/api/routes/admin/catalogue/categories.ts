import { z } from 'zod';
import {
  changeCategory,
  createCategory,
  deleteCategory,
  readCategory,
  type CategoryRecord,
} from '../../../../domain/catalogue/index.js';
import { newId } from '../../../../domain/kernel/ids.js';
import { endpoint, type Endpoint, type Reply } from '../../../endpoint.js';
import { etag } from '../../../if-match.js';
import { Id } from '../../../openapi/schemas.js';
import { Slug } from '../../categories.js';
import { plainText } from '../../products/schemas.js';
import { ById, editorOf, shared, type CatalogueAdminDeps } from './shared.js';

const AdminCategory = z
  .strictObject({
    id: Id,
    parent_id: Id.nullable(),
    slug: z.string(),
    name: z.string(),
    position: z.int(),
    products: z.int().meta({ description: 'in it itself, in any state' }),
    version: z.int(),
  })
  .meta({ id: 'AdminCategory' });

const reply = (status: number, category: CategoryRecord): Reply => ({
  status,
  body: {
    id: category.id,
    parent_id: category.parentId,
    slug: category.slug,
    name: category.name,
    position: category.position,
    products: category.products,
    version: category.version,
  } satisfies z.input<typeof AdminCategory>,
  headers: { ETag: etag(category.version) },
});

const Position = z.int().min(0).max(1_000_000);
const Fields = {
  name: plainText(120),
  slug: Slug.max(80).optional(),
  parent_id: Id.nullable().optional().meta({ description: 'null: a root' }),
  position: Position.optional().meta({ description: 'among its siblings; then by name' }),
};

/** The tree of categories, as the shop's people change it. */
export function createCategoryAdminRoutes({ transact, query }: CatalogueAdminDeps): Endpoint[] {
  return [
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/categories/:id',
      operationId: 'adminGetCategory',
      summary: 'A category with what changes it; the tree is GET /categories',
      params: ById,
      responses: { 200: AdminCategory },
      handle: async ({ params }) => reply(200, await query((em) => readCategory(em, params.id))),
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/admin/categories',
      operationId: 'adminCreateCategory',
      summary: 'Make a category; without a slug it gets one of its name',
      body: z.strictObject(Fields),
      idempotency: 'optional',
      responses: { 201: AdminCategory },
      async handle(request) {
        const { name, slug, parent_id: parentId, position } = request.body;
        const category = await transact(async (em) => {
          const { resourceId: id, replayed } = await request.claim(em, newId());
          if (!replayed) await createCategory(em, editorOf(request), { id, name, slug, parentId, position });
          return readCategory(em, id);
        });
        return reply(201, category);
      },
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: '/admin/categories/:id',
      operationId: 'adminChangeCategory',
      summary: 'Rename, move or reorder a category; what is below it moves along',
      params: ById,
      body: z.strictObject({ ...Fields, name: Fields.name.optional() }),
      responses: { 200: AdminCategory },
      async handle(request) {
        const { id } = request.params;
        const { parent_id: parentId, ...rest } = request.body;
        const category = await transact(async (em) => {
          await changeCategory(em, editorOf(request), { id, ...rest, parentId });
          return readCategory(em, id);
        });
        return reply(200, category);
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: '/admin/categories/:id',
      operationId: 'adminDeleteCategory',
      summary: 'Remove an empty category',
      params: ById,
      responses: { 204: null },
      async handle(request) {
        await transact((em) => deleteCategory(em, editorOf(request), request.params.id));
        return { status: 204 };
      },
    }),
  ];
}
