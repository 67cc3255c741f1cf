import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { lockRules, type Author } from './lock-rules.js';
import type { CustomerTier } from './price-unit.js';

/** By code. */
export async function listTiers(
  em: EntityManager,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<CustomerTier[]> {
  return em.execute<CustomerTier[]>(`${SELECT} where ?::text is null or code > ?::text order by code limit ?`, [
    after,
    after,
    limit,
  ]);
}

/** @throws DomainError `not_found` */
export async function readTier(em: EntityManager, code: string): Promise<CustomerTier> {
  const [row] = await em.execute<CustomerTier[]>(`${SELECT} where code = ?`, [code]);
  if (row === undefined) throw notFound('tier');
  return row;
}

/** @throws DomainError `conflict` when the code is taken */
export async function addTier(em: EntityManager, by: Author, { code, name, discountBp }: CustomerTier): Promise<void> {
  await lockRules(em);
  const added = await em.execute<unknown[]>(
    'insert into customer_tiers (code, name, discount_bp) values (?, ?, ?) on conflict do nothing returning code',
    [code, name, discountBp],
  );
  if (added.length === 0) throw new DomainError('conflict', 'there is a tier of this code', { code });
  await audit(em, by, 'tier.added', code, { discountBp });
}

/** @throws DomainError `not_found` */
export async function changeTier(
  em: EntityManager,
  by: Author,
  code: string,
  change: { readonly name?: string | undefined; readonly discountBp?: number | undefined },
): Promise<CustomerTier> {
  await lockRules(em);
  const before = await readTier(em, code);
  const after = { code, name: change.name ?? before.name, discountBp: change.discountBp ?? before.discountBp };
  await em.execute(
    'update customer_tiers set name = ?, discount_bp = ? where code = ?',
    [after.name, after.discountBp, code],
    'run',
  );
  await audit(em, by, 'tier.changed', code, {
    before: { discountBp: before.discountBp },
    after: { discountBp: after.discountBp },
    renamed: before.name !== after.name,
  });
  return after;
}

/** @throws DomainError `not_found`; `conflict` while customers are of the tier */
export async function removeTier(em: EntityManager, by: Author, code: string): Promise<void> {
  await lockRules(em);
  // Waits for whoever is giving the tier to a customer; that is seen by the next statement.
  const [tier] = await em.execute<CustomerTier[]>(`${SELECT} where code = ? for update`, [code]);
  if (tier === undefined) throw notFound('tier');
  const used = await em.execute<unknown[]>('select 1 from users where tier = ? limit 1', [code]);
  if (used.length > 0) throw new DomainError('conflict', 'there are customers of this tier', { code });
  await em.execute('delete from customer_tiers where code = ?', [code], 'run');
  await audit(em, by, 'tier.removed', code, { discountBp: tier.discountBp });
}

const SELECT = `select code, name, discount_bp as "discountBp" from customer_tiers`;

const audit = (em: EntityManager, by: Author, action: string, code: string, data: Readonly<Record<string, unknown>>) =>
  writeAudit(em, { ...by, action, object: { type: 'tier', id: code }, data });
