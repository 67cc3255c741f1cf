import { z } from 'zod';
import { newId } from '../../../../domain/kernel/ids.js';
import { money } from '../../../../domain/kernel/money.js';
import { decodeIdCursor, page } from '../../../../domain/kernel/page.js';
import {
  addMethod,
  changeMethod,
  listAllMethods,
  readMethod,
  removeMethod,
  type SavedMethod,
} from '../../../../domain/shipping/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { Country, Id, Money, pageInput } from '../../../openapi/schemas.js';
import { authorOf, Name, shared, TaxClass, type PricingAdminDeps } from './schemas.js';

const LARGEST_AMOUNT = 1e12;
const MOST_POSITIONS = 10_000;

const Amount = z.int().min(0).max(LARGEST_AMOUNT);

const View = z
  .strictObject({
    id: Id,
    code: z.string(),
    name: z.string(),
    country: Country.nullable().meta({ description: 'null: everywhere' }),
    min_total: z.int(),
    max_total: z.int().nullable(),
    price: Money,
    tax_class: z.string(),
    position: z.int(),
    active: z.boolean(),
  })
  .meta({ id: 'AdminShippingMethod' });

const fields = {
  code: z
    .string()
    .regex(/^[a-z][a-z0-9_-]{0,31}$/, 'must be a code, such as standard')
    .meta({ description: 'what a checkout names; several rows may share it' }),
  name: Name,
  country: Country.nullable().meta({ description: 'null: everywhere without a row of its own' }),
  min_total: Amount.meta({ description: 'minor units of the subtotal, included' }),
  max_total: Amount.nullable().meta({ description: 'included; null: no limit' }),
  price: z.strictObject({
    amount: Amount,
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as USD'),
  }),
  tax_class: TaxClass,
  position: z.int().min(0).max(MOST_POSITIONS),
  active: z.boolean(),
};

const NewMethod = z.strictObject({
  ...fields,
  country: fields.country.default(null),
  min_total: fields.min_total.default(0),
  max_total: fields.max_total.default(null),
  tax_class: fields.tax_class.default('standard'),
  position: fields.position.default(0),
  active: fields.active.default(true),
});
const ChangedMethod = z.strictObject(fields).partial();
const ById = z.strictObject({ id: Id });

const present = (method: SavedMethod): z.input<typeof View> => ({
  id: method.id,
  code: method.code,
  name: method.name,
  country: method.country,
  min_total: method.minTotal,
  max_total: method.maxTotal,
  price: method.price,
  tax_class: method.taxClass,
  position: method.position,
  active: method.active,
});

/** What a checkout may name as its way to ship, from the moment it is changed. */
export function createShippingMethodRoutes({ query, transact }: PricingAdminDeps): Endpoint[] {
  const path = '/admin/pricing/shipping-methods';
  return [
    endpoint({
      ...shared,
      method: 'get',
      path,
      operationId: 'adminListShippingMethods',
      summary: 'All shipping methods, in the order they were made',
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(View), next_cursor: z.string().nullable() }) },
      async handle({ query: { limit, cursor } }) {
        const after = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query((em) => listAllMethods(em, { after, limit: limit + 1 }));
        const { data, nextCursor } = page(rows, limit, present, ({ id }) => [id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'post',
      path,
      operationId: 'addShippingMethod',
      summary: 'Add a shipping method',
      body: NewMethod,
      idempotency: 'optional',
      responses: { 201: View },
      async handle({ caller, requestId, claim, body }) {
        const by = authorOf(caller, requestId);
        const { min_total: minTotal, max_total: maxTotal, tax_class: taxClass, price, ...same } = body;
        const facts = { ...same, minTotal, maxTotal, taxClass, price: money(price.amount, price.currency) };
        const made = await transact(async (em) => {
          const { resourceId: id, replayed } = await claim(em, newId());
          if (!replayed) await addMethod(em, by, { id, ...facts });
          return readMethod(em, id);
        });
        return { status: 201, body: present(made), headers: { Location: `/api/v1${path}/${made.id}` } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: `${path}/:id`,
      operationId: 'getShippingMethod',
      summary: 'One shipping method',
      params: ById,
      responses: { 200: View },
      handle: async ({ params: { id } }) => ({ status: 200, body: present(await query((em) => readMethod(em, id))) }),
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: `${path}/:id`,
      operationId: 'changeShippingMethod',
      summary: 'Change a shipping method; checkouts that are under way keep what they were quoted',
      params: ById,
      body: ChangedMethod,
      responses: { 200: View },
      async handle({ caller, requestId, params: { id }, body }) {
        const by = authorOf(caller, requestId);
        const { min_total: minTotal, max_total: maxTotal, tax_class: taxClass, ...same } = body;
        const change = { ...same, minTotal, maxTotal, taxClass };
        return { status: 200, body: present(await transact((em) => changeMethod(em, by, id, change))) };
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: `${path}/:id`,
      operationId: 'removeShippingMethod',
      summary: 'Remove a shipping method; orders keep its name',
      params: ById,
      responses: { 204: null },
      async handle({ caller, requestId, params: { id } }) {
        const by = authorOf(caller, requestId);
        await transact((em) => removeMethod(em, by, id));
        return { status: 204 };
      },
    }),
  ];
}
