import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { lockRules, type Author } from './lock-rules.js';
import type { BreakRow } from './price-lines.js';

export interface SavedBreak extends BreakRow {
  readonly id: string;
}

/** By id, of one variant or of all. */
export async function listBreaks(
  em: EntityManager,
  {
    variantId,
    after,
    limit,
  }: { readonly variantId: string | null; readonly after: string | null; readonly limit: number },
): Promise<SavedBreak[]> {
  return em.execute<SavedBreak[]>(
    `${SELECT} where (?::uuid is null or variant_id = ?::uuid) and (?::uuid is null or id > ?::uuid) order by id limit ?`,
    [variantId, variantId, after, after, limit],
  );
}

/** @throws DomainError `not_found` */
export async function readBreak(em: EntityManager, id: string): Promise<SavedBreak> {
  const [row] = await em.execute<SavedBreak[]>(`${SELECT} where id = ?`, [id]);
  if (row === undefined) throw notFound('quantity break');
  return row;
}

/** @throws DomainError `not_found` without such a variant; `conflict` when the quantity has a break */
export async function addBreak(em: EntityManager, by: Author, rule: SavedBreak): Promise<void> {
  const { id, variantId, minQuantity, discountBp } = rule;
  await lockRules(em);
  if (variantId !== null) {
    const known = await em.execute<unknown[]>('select 1 from variants where id = ? for key share', [variantId]);
    if (known.length === 0) throw notFound('variant');
  }
  await assertNoOther(em, rule);
  await em.execute(
    'insert into quantity_breaks (id, variant_id, min_quantity, discount_bp) values (?, ?, ?, ?)',
    [id, variantId, minQuantity, discountBp],
    'run',
  );
  await audit(em, by, 'quantity_break.added', id, { variantId, minQuantity, discountBp });
}

/** @throws DomainError `not_found`; `conflict` when the quantity has another break */
export async function changeBreak(
  em: EntityManager,
  by: Author,
  id: string,
  change: { readonly minQuantity?: number | undefined; readonly discountBp?: number | undefined },
): Promise<SavedBreak> {
  await lockRules(em);
  const before = await readBreak(em, id);
  const after = {
    ...before,
    minQuantity: change.minQuantity ?? before.minQuantity,
    discountBp: change.discountBp ?? before.discountBp,
  };
  await assertNoOther(em, after);
  await em.execute(
    'update quantity_breaks set min_quantity = ?, discount_bp = ? where id = ?',
    [after.minQuantity, after.discountBp, id],
    'run',
  );
  await audit(em, by, 'quantity_break.changed', id, { before: numbersOf(before), after: numbersOf(after) });
  return after;
}

/** @throws DomainError `not_found` */
export async function removeBreak(em: EntityManager, by: Author, id: string): Promise<void> {
  await lockRules(em);
  const { variantId, minQuantity, discountBp } = await readBreak(em, id);
  await em.execute('delete from quantity_breaks where id = ?', [id], 'run');
  await audit(em, by, 'quantity_break.removed', id, { variantId, minQuantity, discountBp });
}

const SELECT = `select id, variant_id as "variantId", min_quantity as "minQuantity", discount_bp as "discountBp"
  from quantity_breaks`;

async function assertNoOther(em: EntityManager, { id, variantId, minQuantity }: SavedBreak): Promise<void> {
  const others = await em.execute<unknown[]>(
    'select 1 from quantity_breaks where variant_id is not distinct from ?::uuid and min_quantity = ? and id <> ?',
    [variantId, minQuantity, id],
  );
  if (others.length > 0)
    throw new DomainError('conflict', 'this quantity has a break already', { variantId, minQuantity });
}

const numbersOf = ({ minQuantity, discountBp }: SavedBreak) => ({ minQuantity, discountBp });

const audit = (em: EntityManager, by: Author, action: string, id: string, data: Readonly<Record<string, unknown>>) =>
  writeAudit(em, { ...by, action, object: { type: 'quantity_break', id }, data });
