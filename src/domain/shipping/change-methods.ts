import type { EntityManager } from '@mikro-orm/postgresql';
import { writeAudit, type AuditEntry } from '../audit/index.js';
import { DomainError, notFound } from '../kernel/errors.js';
import { METHOD_COLUMNS, toShippingMethod, type ShippingMethodRow } from './store.js';
import type { ShippingMethod } from './types.js';

/** A method as an administrator sees it. */
export interface SavedMethod extends ShippingMethod {
  /** False: offered to nobody. */
  readonly active: boolean;
}

type Author = Pick<AuditEntry, 'actor' | 'requestId'>;

/** By id, inactive ones too. */
export async function listAllMethods(
  em: EntityManager,
  { after, limit }: { readonly after: string | null; readonly limit: number },
): Promise<SavedMethod[]> {
  const rows = await em.execute<SavedRow[]>(`${SELECT} where ?::uuid is null or id > ?::uuid order by id limit ?`, [
    after,
    after,
    limit,
  ]);
  return rows.map(toSaved);
}

/** @throws DomainError `not_found` */
export async function readMethod(em: EntityManager, id: string): Promise<SavedMethod> {
  const [row] = await em.execute<SavedRow[]>(`${SELECT} where id = ?`, [id]);
  if (row === undefined) throw notFound('shipping method');
  return toSaved(row);
}

/** @throws DomainError `validation_failed` when no subtotal is in its range */
export async function addMethod(em: EntityManager, by: Author, method: SavedMethod): Promise<void> {
  assertRange(method);
  await em.execute(
    `insert into shipping_methods (code, name, country, min_total_amount, max_total_amount, price_amount, currency,
       tax_class, position, active, id) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [...columns(method), method.id],
    'run',
  );
  await audit(em, by, 'shipping_method.added', method.id, { after: factsOf(method) });
}

/** Absent: as it was. @throws DomainError `not_found`; `validation_failed` as for a new one */
export async function changeMethod(
  em: EntityManager,
  by: Author,
  id: string,
  change: { readonly [Field in Exclude<keyof SavedMethod, 'id'>]?: SavedMethod[Field] | undefined },
): Promise<SavedMethod> {
  const before = await lockMethod(em, id);
  const given = Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined));
  const after: SavedMethod = { ...before, ...given };
  assertRange(after);
  await em.execute(
    `update shipping_methods set code = ?, name = ?, country = ?, min_total_amount = ?, max_total_amount = ?,
       price_amount = ?, currency = ?, tax_class = ?, position = ?, active = ? where id = ?`,
    [...columns(after), id],
    'run',
  );
  await audit(em, by, 'shipping_method.changed', id, { before: factsOf(before), after: factsOf(after) });
  return after;
}

/** @throws DomainError `not_found` */
export async function removeMethod(em: EntityManager, by: Author, id: string): Promise<void> {
  const before = await lockMethod(em, id);
  await em.execute('delete from shipping_methods where id = ?', [id], 'run');
  await audit(em, by, 'shipping_method.removed', id, { before: factsOf(before) });
}

const SELECT = `select ${METHOD_COLUMNS}, active from shipping_methods`;

interface SavedRow extends ShippingMethodRow {
  readonly active: boolean;
}

const toSaved = (row: SavedRow): SavedMethod => ({ ...toShippingMethod(row), active: row.active });

async function lockMethod(em: EntityManager, id: string): Promise<SavedMethod> {
  const [row] = await em.execute<SavedRow[]>(`${SELECT} where id = ? for update`, [id]);
  if (row === undefined) throw notFound('shipping method');
  return toSaved(row);
}

function assertRange({ minTotal, maxTotal }: SavedMethod): void {
  if (maxTotal !== null && maxTotal < minTotal)
    throw new DomainError('validation_failed', 'no subtotal is in this range', {}, [
      { field: 'max_total', message: 'must not be less than min_total' },
    ]);
}

const columns = (method: SavedMethod) => [
  method.code,
  method.name,
  method.country,
  method.minTotal,
  method.maxTotal,
  method.price.amount,
  method.price.currency,
  method.taxClass,
  method.position,
  method.active,
];

const factsOf = ({ code, country, minTotal, maxTotal, price, taxClass, position, active }: SavedMethod) => ({
  code,
  country,
  minTotal,
  maxTotal,
  price,
  taxClass,
  position,
  active,
});

const audit = (em: EntityManager, by: Author, action: string, id: string, data: Readonly<Record<string, unknown>>) =>
  writeAudit(em, { ...by, action, object: { type: 'shipping_method', id }, data });
