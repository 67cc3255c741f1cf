import type { EntityManager } from '@mikro-orm/postgresql';
import { money, type Money } from '../kernel/money.js';
import { offeredMethods } from './choose-method.js';
import type { ShippingMethod } from './types.js';

export interface ShippingMethodRow {
  readonly id: string;
  readonly code: string;
  readonly name: string;
  readonly country: string | null;
  readonly min_total_amount: number;
  readonly max_total_amount: number | null;
  readonly price_amount: number;
  readonly currency: string;
  readonly tax_class: string;
  readonly position: number;
}

export const toShippingMethod = (row: ShippingMethodRow): ShippingMethod => ({
  id: row.id,
  code: row.code,
  name: row.name,
  country: row.country,
  minTotal: row.min_total_amount,
  maxTotal: row.max_total_amount,
  price: money(row.price_amount, row.currency),
  taxClass: row.tax_class,
  position: row.position,
});

/** What `toShippingMethod` reads. */
export const METHOD_COLUMNS =
  'id, code, name, country, min_total_amount, max_total_amount, price_amount, currency, tax_class, position';

/** What a checkout of this subtotal to this country may name, in display order. */
export async function listShippingMethods(
  em: EntityManager,
  { country, subtotal }: { readonly country: string; readonly subtotal: Money },
): Promise<ShippingMethod[]> {
  const rows = await em.execute<ShippingMethodRow[]>(
    `select ${METHOD_COLUMNS}
       from shipping_methods
      where active and (country is null or country = ?) and currency = ?`,
    [country, subtotal.currency],
  );
  return offeredMethods(rows.map(toShippingMethod), { country, subtotal });
}
