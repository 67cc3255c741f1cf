import { z } from 'zod';
import { DomainError } from '../../../../domain/kernel/errors.js';
import { decodeCursor, page } from '../../../../domain/kernel/page.js';
import { listTaxRates, removeTaxRate, setTaxRate, type TaxRate } from '../../../../domain/pricing/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { Country, pageInput } from '../../../openapi/schemas.js';
import { authorOf, basisPoints, Name, shared, TaxClass, type PricingAdminDeps } from './schemas.js';

const View = z
  .strictObject({ country: Country, tax_class: z.string(), rate_bp: z.int(), name: z.string() })
  .meta({ id: 'TaxRate' });

const Key = z.strictObject({ country: Country, tax_class: TaxClass });

const present = ({ country, taxClass, rateBp, name }: TaxRate): z.input<typeof View> => ({
  country,
  tax_class: taxClass,
  rate_bp: rateBp,
  name,
});

/** What is added for, or contained in, the prices of a class in a country. */
export function createTaxRateRoutes({ query, transact }: PricingAdminDeps): Endpoint[] {
  const path = '/admin/pricing/tax-rates';
  return [
    endpoint({
      ...shared,
      method: 'get',
      path,
      operationId: 'listTaxRates',
      summary: 'Tax rates by country and class',
      query: z.strictObject(pageInput),
      responses: { 200: z.strictObject({ data: z.array(View), next_cursor: z.string().nullable() }) },
      async handle({ query: { limit, cursor } }) {
        const after = cursor === undefined ? null : keyOf(cursor);
        const rows = await query((em) => listTaxRates(em, { after, limit: limit + 1 }));
        const { data, nextCursor } = page(rows, limit, present, ({ country, taxClass }) => [country, taxClass]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'put',
      path: `${path}/:country/:tax_class`,
      operationId: 'setTaxRate',
      summary: 'Set the rate of a class in a country; checkouts that are under way keep what they were quoted',
      params: Key,
      body: z.strictObject({ rate_bp: basisPoints(0), name: Name }),
      responses: { 200: View },
      async handle({ caller, requestId, params: { country, tax_class: taxClass }, body }) {
        const by = authorOf(caller, requestId);
        const rate = { country, taxClass, rateBp: body.rate_bp, name: body.name };
        await transact((em) => setTaxRate(em, by, rate));
        return { status: 200, body: present(rate) };
      },
    }),
    endpoint({
      ...shared,
      method: 'delete',
      path: `${path}/:country/:tax_class`,
      operationId: 'removeTaxRate',
      summary: 'Remove a rate: the class is untaxed in that country',
      params: Key,
      responses: { 204: null },
      async handle({ caller, requestId, params: { country, tax_class: taxClass } }) {
        const by = authorOf(caller, requestId);
        await transact((em) => removeTaxRate(em, by, { country, taxClass }));
        return { status: 204 };
      },
    }),
  ];
}

function keyOf(cursor: string): { readonly country: string; readonly taxClass: string } {
  const [country, taxClass] = decodeCursor(cursor, 2);
  if (typeof country !== 'string' || typeof taxClass !== 'string')
    throw new DomainError('validation_failed', 'the cursor is not one of ours');
  return { country, taxClass };
}
