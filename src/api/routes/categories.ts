import { z } from 'zod';
import { findCategory, listCategories, type CategoryNode } from '../../domain/catalogue/index.js';
import type { Query } from '../../domain/kernel/transact.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { Id } from '../openapi/schemas.js';

/** Of a filter; in a path anything unknown is just not found. */
export const Slug = z
  .string()
  .max(250)
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be lower-case letters, digits and single hyphens');

export const CategoryNameView = z.strictObject({ slug: z.string(), name: z.string() }).meta({ id: 'CategoryName' });

const CategoryTree = z
  .strictObject({
    id: Id,
    slug: z.string(),
    name: z.string(),
    get children() {
      return z.array(CategoryTree);
    },
  })
  .meta({ id: 'CategoryTree' });

const CategoryView = z
  .strictObject({
    id: Id,
    slug: z.string(),
    name: z.string(),
    path: z.array(CategoryNameView).meta({ description: 'from the root, this one last' }),
    children: z.array(CategoryNameView),
  })
  .meta({ id: 'Category' });

const presentNode = ({ id, slug, name, children }: CategoryNode): z.input<typeof CategoryTree> => ({
  id,
  slug,
  name,
  children: children.map(presentNode),
});

export function createCategoryRoutes({ query }: { readonly query: Query }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/categories',
      operationId: 'listCategories',
      summary: 'The tree of categories, whole',
      tag: 'catalogue',
      access: 'anyone',
      query: z.strictObject({}),
      responses: { 200: z.strictObject({ data: z.array(CategoryTree) }) },
      handle: async () => ({ status: 200, body: { data: (await query(listCategories)).map(presentNode) } }),
    }),
    endpoint({
      method: 'get',
      path: '/categories/:slug',
      operationId: 'getCategory',
      summary: 'A category with its path and its children',
      tag: 'catalogue',
      access: 'anyone',
      params: z.strictObject({ slug: z.string() }),
      responses: { 200: CategoryView },
      async handle({ params: { slug } }) {
        const { id, name, path, children } = await query((em) => findCategory(em, slug));
        return { status: 200, body: { id, slug, name, path, children } };
      },
    }),
  ];
}
