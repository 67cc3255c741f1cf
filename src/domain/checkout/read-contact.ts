import type { EntityManager } from '@mikro-orm/postgresql';
import { openJson, type Cipher, type Sealed } from '../kernel/cipher.js';
import { notFound } from '../kernel/errors.js';
import { orderContext, type Contact } from '../orders/index.js';

/**
 * Who checks out, by the order's id, which may never have come to be.
 * @throws DomainError `not_found`
 */
export async function readContact(em: EntityManager, cipher: Cipher, orderId: string): Promise<Contact> {
  const [row] = await em.execute<{ contact: Sealed }[]>('select contact from checkouts where order_id = ?', [orderId]);
  if (row === undefined) throw notFound('checkout');
  return openJson<Contact>(cipher, row.contact, orderContext('contact', orderId));
}
