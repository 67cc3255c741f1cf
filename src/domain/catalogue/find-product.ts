import type { EntityManager } from '@mikro-orm/postgresql';
import { notFound } from '../kernel/errors.js';
import { isId } from '../kernel/ids.js';
import { money } from '../kernel/money.js';
import { prepared } from '../kernel/prepared.js';
import { CARD_COLUMNS, CARD_TABLES, toCard, type CardRow } from './cards.js';
import { isSlug } from './slug.js';
import type { ProductDetail } from './types.js';

interface DetailRow extends CardRow {
  readonly description: string;
  readonly mpn: string;
  readonly ean: readonly string[];
  readonly released_on: string | null;
  readonly attributes: ProductDetail['attributes'];
  readonly options: ProductDetail['options'];
  readonly images: ProductDetail['images'];
  readonly variants: readonly {
    readonly id: string;
    readonly sku: string;
    readonly title: string;
    readonly options: Readonly<Record<string, string>>;
    readonly price_amount: number;
    readonly available: number;
  }[];
}

/**
 * A published product with what can be bought of it, in one statement.
 * @throws DomainError `not_found`
 */
export async function findProduct(em: EntityManager, idOrSlug: string): Promise<ProductDetail> {
  const byId = isId(idOrSlug);
  if (!byId && !isSlug(idOrSlug)) throw notFound('product');
  const [row] = await em.execute<DetailRow[]>(
    prepared(`select ${CARD_COLUMNS}, p.description, p.mpn, p.ean, p.released_on::text as released_on, p.attributes, p.options, p.images,
       (select json_agg(json_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'options', v.options,
           'price_amount', p.price_amount + v.price_adjustment_amount,
           'available', coalesce(s.on_hand - s.reserved, 0)) order by v.position, v.sku)
        from variants v left join stock_levels s on s.variant_id = v.id
        where v.product_id = p.id and v.status = 'active') as variants
     from ${CARD_TABLES}
     where p.status = 'published' and ${byId ? 'p.id = ?' : 'p.slug = ?'}`),
    [idOrSlug],
  );
  if (row === undefined) throw notFound('product');
  return {
    ...toCard(row),
    description: row.description,
    mpn: row.mpn,
    ean: row.ean,
    releasedOn: row.released_on,
    attributes: row.attributes,
    options: row.options,
    images: row.images,
    variants: (row.variants ?? []).map(({ price_amount: amount, ...variant }) => ({
      ...variant,
      price: money(amount, row.currency),
    })),
  };
}

/**
 * How many of a variant can be bought now.
 * @throws DomainError `not_found` when it, or its product, is not on sale
 */
export async function variantAvailability(em: EntityManager, variantId: string): Promise<number> {
  const [row] = await em.execute<{ available: number }[]>(
    prepared(`select coalesce(s.on_hand - s.reserved, 0) as available
     from variants v join products p on p.id = v.product_id left join stock_levels s on s.variant_id = v.id
     where v.id = ? and v.status = 'active' and p.status = 'published'`),
    [variantId],
  );
  if (row === undefined) throw notFound('variant');
  return row.available;
}
