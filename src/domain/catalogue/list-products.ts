import type { EntityManager } from '@mikro-orm/postgresql';
import { decodeCursor, page, type Page } from '../kernel/page.js';
import { DomainError } from '../kernel/errors.js';
import { isId } from '../kernel/ids.js';
import { prepared } from '../kernel/prepared.js';
import { isStorableYear } from '../kernel/year.js';
import { CARD_COLUMNS, CARD_TABLES, IN_STOCK, toCard, type CardRow } from './cards.js';
import type { ProductCard, ProductFilter, ProductQuery, ProductSort } from './types.js';

interface Order {
  readonly column: string;
  readonly cast: string;
  readonly descending: boolean;
  isValue(value: unknown): boolean;
}

const isText = (value: unknown): boolean => typeof value === 'string' && !/[\0\p{Cs}]/u.test(value);
const isTime = (value: unknown): boolean =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) &&
  isStorableYear(value) &&
  // Days that a month does not have roll over.
  !Number.isNaN(Date.parse(value)) &&
  new Date(value).toISOString().startsWith(value.slice(0, 10));

const ORDERS: Record<ProductSort, Order> = {
  newest: { column: 'p.created_at', cast: 'timestamptz', descending: true, isValue: isTime },
  price: { column: 'p.price_amount', cast: 'bigint', descending: false, isValue: Number.isSafeInteger },
  '-price': { column: 'p.price_amount', cast: 'bigint', descending: true, isValue: Number.isSafeInteger },
  title: { column: 'p.title', cast: 'text', descending: false, isValue: isText },
  '-title': { column: 'p.title', cast: 'text', descending: true, isValue: isText },
};

/**
 * A page of published products, in one statement. `newest` is by the time a product came into the shop; ties
 * are broken by id, so that a page never repeats or skips one.
 */
export async function listProducts(em: EntityManager, query: ProductQuery): Promise<Page<ProductCard>> {
  const order = ORDERS[query.sort];
  const after = query.cursor === undefined ? null : readCursor(query.cursor, query.sort);
  const { conditions, params } = filterSql(query);
  // with filters there are hundreds of texts, and what is best depends on their values
  const asOften = params.length === 0 ? prepared : (sql: string): string => sql;
  if (after !== null) {
    conditions.push(`(${order.column}, p.id) ${order.descending ? '<' : '>'} (?::${order.cast}, ?::uuid)`);
    params.push(after.value, after.id);
  }
  const direction = order.descending ? 'desc' : 'asc';
  const rows = await em.execute<(CardRow & { sort_value: string | number })[]>(
    asOften(`select ${CARD_COLUMNS}, ${order.column} as sort_value
     from ${CARD_TABLES}
     where ${conditions.join(' and ')}
     order by ${order.column} ${direction}, p.id ${direction}
     limit ?`),
    [...params, query.limit + 1],
  );
  return page(rows, query.limit, toCard, (row) => [query.sort, row.sort_value, row.id]);
}

function filterSql(filter: ProductFilter): { conditions: string[]; params: (string | number)[] } {
  const conditions = [`p.status = 'published'`];
  const params: (string | number)[] = [];
  const add = (condition: string, param: string | number): void => {
    conditions.push(condition);
    params.push(param);
  };
  if (filter.category !== undefined)
    add(
      'p.category_id in (select k.id from categories k join categories top on k.path <@ top.path where top.slug = ?)',
      filter.category,
    );
  if (filter.brand !== undefined) add('p.brand = ?', filter.brand);
  if (filter.minPrice !== undefined) add('p.price_amount >= ?', filter.minPrice);
  if (filter.maxPrice !== undefined) add('p.price_amount <= ?', filter.maxPrice);
  if (filter.inStock !== undefined) conditions.push(filter.inStock ? IN_STOCK : `not ${IN_STOCK}`);
  return { conditions, params };
}

function readCursor(cursor: string, sort: ProductSort): { value: string | number; id: string } {
  const [sortedBy, value, id] = decodeCursor(cursor, 3);
  if (sortedBy !== sort || !ORDERS[sort].isValue(value) || typeof id !== 'string' || !isId(id))
    throw new DomainError('validation_failed', 'the cursor is not one of ours', {}, [
      { field: 'cursor', message: 'not a cursor that this list returned in this order' },
    ]);
  return { value: value as string | number, id };
}
