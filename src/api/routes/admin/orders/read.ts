import { z } from 'zod';
import { isStorableYear, NO_YEAR_0 } from '../../../../domain/kernel/year.js';
import { listAllOrders, readOrder } from '../../../../domain/orders/index.js';
import { assertMayForVendor } from '../../../../domain/users/index.js';
import { endpoint, type Endpoint } from '../../../endpoint.js';
import { etag } from '../../../if-match.js';
import { Id, pageInput } from '../../../openapi/schemas.js';
import { OrderStatus } from '../../orders.js';
import { Email } from '../../users.js';
import type { AdminOrderRouteDeps } from './deps.js';
import { AdminOrder, AdminOrderPage, presentEntry, presentForStaff } from './schemas.js';

/** PostgreSQL reads no longer one. */
const Moment = z.iso.datetime().max(40).refine(isStorableYear, NO_YEAR_0);

const ListInput = z.strictObject({
  status: OrderStatus.optional(),
  number: z.string().max(20).optional().describe('Exactly this one'),
  customer_id: z.uuid().optional(),
  email: Email.optional().describe('Of the customer’s account, exactly'),
  from: Moment.optional().describe('Placed at this moment or later'),
  to: Moment.optional().describe('Placed before this moment'),
  ...pageInput,
});

export function createOrderListRoutes({ query, cipher }: AdminOrderRouteDeps): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/admin/orders',
      operationId: 'adminListOrders',
      summary: 'Everybody’s orders, newest first',
      tag: 'admin',
      access: { permission: 'orders:read' },
      query: ListInput,
      responses: { 200: AdminOrderPage },
      async handle({ caller, query: input }) {
        assertMayForVendor(caller, 'orders:read', null, 'order');
        const { limit, cursor, customer_id: customerId, ...filter } = input;
        const { data, nextCursor } = await query((em) =>
          listAllOrders(em, { ...filter, customerId }, { limit, cursor }),
        );
        return { status: 200, body: { data: data.map(presentEntry), next_cursor: nextCursor } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/admin/orders/:id',
      operationId: 'adminGetOrder',
      summary: 'One order, with its customer',
      tag: 'admin',
      access: { permission: 'orders:read' },
      params: z.strictObject({ id: Id }),
      responses: { 200: AdminOrder },
      async handle({ caller, params: { id } }) {
        assertMayForVendor(caller, 'orders:read', null, 'order');
        const order = await query((em) => readOrder(em, cipher, id));
        return { status: 200, body: presentForStaff(order), headers: { ETag: etag(order.version) } };
      },
    }),
  ];
}
