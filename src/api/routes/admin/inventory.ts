import { z } from 'zod';
import {
  adjustStock,
  available,
  isLow,
  listMovements,
  listStock,
  MOST_ON_HAND,
  readStock,
  setLowStock,
  type StockMovement,
  type StockRecord,
} from '../../../domain/inventory/index.js';
import { decodeIdCursor, page } from '../../../domain/kernel/page.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import { assertMay } from '../../../domain/users/index.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id, Instant, longPageInput } from '../../openapi/schemas.js';
import { plainText } from '../products/schemas.js';

const StockView = z
  .strictObject({
    variant_id: Id,
    sku: z.string(),
    on_hand: z.int(),
    reserved: z.int(),
    available: z.int(),
    low_at: z
      .int()
      .nullable()
      .meta({ description: 'at or below so many available ones it is low; staff are told once each time' }),
    low: z.boolean(),
    updated_at: Instant,
  })
  .meta({ id: 'Stock' });

const presentStock = (stock: StockRecord): z.input<typeof StockView> => ({
  variant_id: stock.variantId,
  sku: stock.sku,
  on_hand: stock.onHand,
  reserved: stock.reserved,
  available: available(stock),
  low_at: stock.lowAt,
  low: isLow(stock),
  updated_at: stock.updatedAt,
});

const MovementView = z.strictObject({
  id: Id,
  delta: z.int(),
  on_hand_after: z.int(),
  reason: z.enum(['import', 'adjustment', 'sale', 'restock']),
  reference: z.string().meta({ description: 'the order, import or adjustment' }),
  note: z.string(),
  actor_id: Id.nullable(),
  created_at: Instant,
});

const presentMovement = (movement: StockMovement): z.input<typeof MovementView> => ({
  id: movement.id,
  delta: movement.delta,
  on_hand_after: movement.onHandAfter,
  reason: movement.reason,
  reference: movement.reference,
  note: movement.note,
  actor_id: movement.actorId,
  created_at: movement.createdAt,
});

const VariantId = z.strictObject({ variant_id: Id });
const Move = z
  .strictObject({
    delta: z.int().min(-MOST_ON_HAND).max(MOST_ON_HAND).optional(),
    on_hand: z.int().min(0).max(MOST_ON_HAND).optional(),
    reason: plainText(500).meta({ description: 'in words, for those who read the movements' }),
  })
  .refine((body) => (body.delta === undefined) !== (body.on_hand === undefined), {
    path: ['delta'],
    message: 'send either delta or on_hand',
  });

/** Stock as the shop's people see and move it; vendors that of their own products. */
export function createInventoryRoutes(deps: { readonly transact: Transact; readonly query: Query }): Endpoint[] {
  const { transact, query } = deps;
  const shared = { tag: 'admin', access: { permission: 'inventory:write' }, params: VariantId } as const;
  return [
    endpoint({
      ...shared,
      params: z.strictObject({}),
      method: 'get',
      path: '/admin/inventory',
      operationId: 'listStock',
      summary: 'The stock of all variants, or of those that are low',
      query: z.strictObject({
        low: z.literal('true').optional().meta({ description: 'only variants at or below their threshold' }),
        ...longPageInput,
      }),
      responses: { 200: z.strictObject({ data: z.array(StockView), next_cursor: z.string().nullable() }) },
      async handle({ caller, query: { low, limit, cursor } }) {
        const after = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query((em) => listStock(em, caller, { low: low === 'true', after, limit: limit + 1 }));
        const { data, nextCursor } = page(rows, limit, presentStock, (row) => [row.variantId]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/inventory/:variant_id',
      operationId: 'getStock',
      summary: 'What is on hand of a variant, and how much of it is reserved',
      responses: { 200: StockView },
      handle: async ({ caller, params }) => ({
        status: 200,
        body: presentStock(await query((em) => readStock(em, caller, params.variant_id))),
      }),
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/inventory/:variant_id/movements',
      operationId: 'listStockMovements',
      summary: 'What moved the stock of a variant, newest first',
      query: z.strictObject(longPageInput),
      responses: { 200: z.strictObject({ data: z.array(MovementView), next_cursor: z.string().nullable() }) },
      async handle({ caller, params: { variant_id: variantId }, query: { limit, cursor } }) {
        const before = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query(async (em) => {
          await readStock(em, caller, variantId);
          return listMovements(em, variantId, { limit: limit + 1, before });
        });
        const { data, nextCursor } = page(rows, limit, presentMovement, (row) => [row.id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'patch',
      path: '/admin/inventory/:variant_id',
      operationId: 'adjustStock',
      summary: 'Move stock by a difference or to a count; never below what is reserved',
      body: Move,
      idempotency: 'optional',
      responses: { 200: StockView },
      async handle({ caller, params: { variant_id: variantId }, body, requestId, claim }) {
        assertMay(caller, 'inventory:write');
        const change = { variantId, actorId: caller.userId, note: body.reason, requestId };
        const stock = await transact(async (em) => {
          await readStock(em, caller, variantId);
          const { replayed } = await claim(em, variantId);
          if (!replayed && body.delta !== undefined) await adjustStock(em, { ...change, delta: body.delta });
          if (!replayed && body.on_hand !== undefined) await adjustStock(em, { ...change, onHand: body.on_hand });
          return readStock(em, caller, variantId);
        });
        return { status: 200, body: presentStock(stock) };
      },
    }),
    endpoint({
      ...shared,
      method: 'put',
      path: '/admin/inventory/:variant_id/threshold',
      operationId: 'setLowStock',
      summary: 'Set how few available ones are low, or that nobody wants to know',
      body: z.strictObject({ low_at: z.int().min(0).max(MOST_ON_HAND).nullable() }),
      responses: { 200: StockView },
      async handle({ caller, params: { variant_id: variantId }, body, requestId }) {
        assertMay(caller, 'inventory:write');
        const stock = await transact(async (em) => {
          await readStock(em, caller, variantId);
          await setLowStock(em, { variantId, lowAt: body.low_at, actorId: caller.userId, requestId });
          return readStock(em, caller, variantId);
        });
        return { status: 200, body: presentStock(stock) };
      },
    }),
  ];
}
