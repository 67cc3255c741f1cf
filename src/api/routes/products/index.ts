import { z } from 'zod';
import { findProduct, listProducts, PRODUCT_SORTS, variantAvailability } from '../../../domain/catalogue/index.js';
import type { Query } from '../../../domain/kernel/transact.js';
import type { Search } from '../../../domain/search/index.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id } from '../../openapi/schemas.js';
import { filterFields, presentCard, presentProduct, ProductCardView, ProductView, toFilter } from './schemas.js';
import { createProductSearchRoutes } from './search.js';

export function createProductRoutes(deps: { readonly query: Query; readonly search: Search }): Endpoint[] {
  const { query } = deps;
  return [
    endpoint({
      method: 'get',
      path: '/products',
      operationId: 'listProducts',
      summary: 'Products by category, brand, price and stock',
      tag: 'catalogue',
      access: 'anyone',
      query: z.strictObject({ ...filterFields, sort: z.enum(PRODUCT_SORTS).default('newest') }),
      responses: { 200: z.strictObject({ data: z.array(ProductCardView), next_cursor: z.string().nullable() }) },
      async handle({ query: input }) {
        const page = await query((em) =>
          listProducts(em, { ...toFilter(input), sort: input.sort, limit: input.limit }),
        );
        return { status: 200, body: { data: page.data.map(presentCard), next_cursor: page.nextCursor } };
      },
    }),
    ...createProductSearchRoutes(deps),
    endpoint({
      method: 'get',
      path: '/products/:idOrSlug',
      operationId: 'getProduct',
      summary: 'A product with its variants, by id or slug',
      tag: 'catalogue',
      access: 'anyone',
      params: z.strictObject({ idOrSlug: z.string() }),
      responses: { 200: ProductView },
      async handle({ params: { idOrSlug } }) {
        return { status: 200, body: presentProduct(await query((em) => findProduct(em, idOrSlug))) };
      },
    }),
    endpoint({
      method: 'get',
      path: '/variants/:id/availability',
      operationId: 'getAvailability',
      summary: 'How many of a variant can be bought now',
      tag: 'catalogue',
      access: 'anyone',
      params: z.strictObject({ id: Id }),
      responses: { 200: z.strictObject({ available: z.int().min(0), in_stock: z.boolean() }) },
      async handle({ params: { id } }) {
        const available = await query((em) => variantAvailability(em, id));
        return { status: 200, body: { available, in_stock: available > 0 } };
      },
    }),
  ];
}
