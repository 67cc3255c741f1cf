import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Cipher } from '../../domain/kernel/cipher.js';
import { notFound } from '../../domain/kernel/errors.js';
import type { Query } from '../../domain/kernel/transact.js';
import { RECEIPT_STYLE, receiptPage } from '../../domain/notifications/index.js';
import { findOrderOwner, readOrder } from '../../domain/orders/index.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import { assertOwns } from './checkout/access.js';

/** One style, named by its hash; no scripts, nothing from elsewhere, not even a link to follow. */
const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(RECEIPT_STYLE).digest('base64')}'`,
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  'sandbox allow-modals',
].join('; ');

export function createReceiptRoutes({ query, cipher }: { readonly query: Query; readonly cipher: Cipher }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/orders/:id/receipt',
      operationId: 'readReceipt',
      summary: 'The receipt, as a page to print; guests send X-Order-Token',
      tag: 'orders',
      access: 'guest',
      orderToken: true,
      params: z.strictObject({ id: z.uuid() }),
      responses: { 200: z.string().meta({ contentMediaType: 'text/html' }) },
      async handle({ params: { id }, caller, ctx }) {
        const owner = await query((em) => findOrderOwner(em, id));
        if (owner === null) throw notFound('order');
        const staff = caller.kind === 'user' && caller.shopPermissions.has('orders:read');
        if (!staff) assertOwns(cipher, ctx, caller, owner, 'order');
        const order = await query((em) => readOrder(em, cipher, id));
        const headers = { 'Content-Type': 'text/html; charset=utf-8', 'Content-Security-Policy': POLICY };
        return { status: 200, body: receiptPage(order), headers };
      },
    }),
  ];
}
