import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { notFound } from '../kernel/errors.js';
import type { BasisPoints } from '../kernel/money.js';
import { lockRules, type Author } from './lock-rules.js';

export interface TaxRate {
  /** ISO 3166 alpha-2. */
  readonly country: string;
  readonly taxClass: string;
  readonly rateBp: BasisPoints;
  readonly name: string;
}

type TaxRateKey = Pick<TaxRate, 'country' | 'taxClass'>;

/** By country and class. */
export async function listTaxRates(
  em: EntityManager,
  { after, limit }: { readonly after: TaxRateKey | null; readonly limit: number },
): Promise<TaxRate[]> {
  return em.execute<TaxRate[]>(
    `select country, tax_class as "taxClass", rate_bp as "rateBp", name from tax_rates
     where ?::text is null or (country, tax_class) > (?::text, ?::text) order by country, tax_class limit ?`,
    [after?.country ?? null, after?.country ?? null, after?.taxClass ?? null, limit],
  );
}

/** Sets the rate of a class in a country, from the next quote on: orders and reserved checkouts keep theirs. */
export async function setTaxRate(
  em: EntityManager,
  by: Author,
  { country, taxClass, rateBp, name }: TaxRate,
): Promise<void> {
  await lockRules(em);
  const before = await readRate(em, { country, taxClass });
  await em.execute(
    `insert into tax_rates (country, tax_class, rate_bp, name) values (?, ?, ?, ?)
     on conflict (country, tax_class) do update set rate_bp = excluded.rate_bp, name = excluded.name`,
    [country, taxClass, rateBp, name],
    'run',
  );
  await audit(em, by, 'tax_rate.set', { country, taxClass }, { before, after: rateBp });
}

/** The class is untaxed there from now on. @throws DomainError `not_found` */
export async function removeTaxRate(em: EntityManager, by: Author, key: TaxRateKey): Promise<void> {
  await lockRules(em);
  const before = await readRate(em, key);
  if (before === null) throw notFound('tax rate');
  await em.execute('delete from tax_rates where country = ? and tax_class = ?', [key.country, key.taxClass], 'run');
  await audit(em, by, 'tax_rate.removed', key, { before });
}

async function readRate(em: EntityManager, { country, taxClass }: TaxRateKey): Promise<BasisPoints | null> {
  const [row] = await em.execute<{ rate_bp: number }[]>(
    'select rate_bp from tax_rates where country = ? and tax_class = ?',
    [country, taxClass],
  );
  return row?.rate_bp ?? null;
}

const audit = (
  em: EntityManager,
  by: Author,
  action: string,
  { country, taxClass }: TaxRateKey,
  data: Readonly<Record<string, unknown>>,
) => writeAudit(em, { ...by, action, object: { type: 'tax_rate', id: `${country}/${taxClass}` }, data });
