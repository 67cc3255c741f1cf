import { z } from 'zod';
import { REFUND_REASONS } from '../../../../domain/refunds/index.js';
import type { Order, OrderEntry } from '../../../../domain/orders/index.js';
import { Id, Instant, Money } from '../../../openapi/schemas.js';
import { presentOrder } from '../../checkout/presenter.js';
import { Order as OrderSchema, OrderStatus } from '../../orders.js';

/** An order as the shop's people see it. */
export const AdminOrder = OrderSchema.omit({ order_token: true })
  .extend({ version: z.int(), checkout_id: Id, customer_id: Id.nullable(), phone: z.string().nullable() })
  .meta({ id: 'AdminOrder' });

export const presentForStaff = (order: Order): z.input<typeof AdminOrder> => ({
  ...presentOrder(order),
  version: order.version,
  checkout_id: order.checkoutId,
  customer_id: order.userId,
  phone: order.contact.phone,
});

const AdminOrderEntry = z.strictObject({
  id: Id,
  number: z.string(),
  status: OrderStatus,
  payment_status: z.string(),
  total: Money,
  item_count: z.int(),
  customer_id: Id.nullable(),
  placed_at: Instant,
});
export const AdminOrderPage = z.strictObject({ data: z.array(AdminOrderEntry), next_cursor: z.string().nullable() });

export const presentEntry = (entry: OrderEntry): z.input<typeof AdminOrderEntry> => ({
  id: entry.id,
  number: entry.number,
  status: entry.status,
  payment_status: entry.paymentStatus,
  total: entry.total,
  item_count: entry.itemCount,
  customer_id: entry.customerId,
  placed_at: entry.placedAt,
});

const line = (longest: number) =>
  z
    .string()
    .trim()
    .min(1)
    .max(longest)
    .regex(/^\P{Cc}*$/u, 'must be one line');

export const ShipBody = z.strictObject({
  carrier: line(100).describe('As the customer is to read it'),
  tracking_number: line(100).optional(),
  tracking_url: z
    .url({ protocol: /^https?$/, hostname: z.regexes.domain })
    .max(500)
    .optional()
    .describe('Where the customer can follow the parcel'),
});

const Quantity = z.int().min(1).max(1_000_000);

export const RefundBody = z
  .strictObject({
    reason: z.enum(REFUND_REASONS).default('requested_by_customer'),
    items: z
      .array(z.strictObject({ item_id: z.uuid(), quantity: Quantity, restock: z.boolean().optional() }))
      .min(1)
      .max(500)
      .optional()
      .describe('So many pieces of these lines; their `restock` overrides that of the refund'),
    shipping: z.boolean().optional().describe('What is left of shipping'),
    amount: Money.optional().describe('This much money, out of all parts in proportion; goes with nothing else'),
    restock: z.boolean().default(false).describe('Whether the goods go back on the shelf'),
  })
  .refine((body) => body.amount === undefined || (body.items === undefined && body.shipping === undefined), {
    path: ['amount'],
    message: 'goes neither with items nor with shipping',
  })
  .refine((body) => body.amount === undefined || !body.restock, {
    path: ['restock'],
    message: 'goes with items or with the whole order',
  })
  .refine((body) => body.amount === undefined || body.amount.amount > 0, {
    path: ['amount', 'amount'],
    message: 'must be more than nothing',
  });
