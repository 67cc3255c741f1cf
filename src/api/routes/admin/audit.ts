import { z } from 'zod';
import { readAudit, type AuditRecord } from '../../../domain/audit/index.js';
import { DomainError } from '../../../domain/kernel/errors.js';
import { decodeCursor, page } from '../../../domain/kernel/page.js';
import type { Query } from '../../../domain/kernel/transact.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { pageInput } from '../../openapi/schemas.js';

const AuditView = z.strictObject({
  id: z.number().int(),
  at: z.iso.datetime(),
  actor: z.strictObject({ type: z.string(), id: z.string().nullable() }),
  action: z.string(),
  object: z.strictObject({ type: z.string(), id: z.string() }),
  data: z.record(z.string(), z.unknown()),
  request_id: z.string().nullable(),
});

const presentAudit = (record: AuditRecord): z.input<typeof AuditView> => ({
  id: record.id,
  at: record.at,
  actor: { type: record.actorType, id: record.actorId },
  action: record.action,
  object: { type: record.objectType, id: record.objectId },
  data: { ...record.data },
  request_id: record.requestId,
});

const AuditInput = z
  .strictObject({
    object_type: z.string().max(100).optional(),
    object_id: z.string().max(100).optional(),
    actor_id: z.string().max(100).optional(),
    ...pageInput,
  })
  .refine((input) => (input.object_type === undefined) === (input.object_id === undefined), {
    path: ['object_id'],
    message: 'goes together with object_type',
  });

/** Who changed what, and when. */
export function createAuditRoutes({ query }: { readonly query: Query }): Endpoint[] {
  return [
    endpoint({
      method: 'get',
      path: '/admin/audit-log',
      operationId: 'listAudit',
      summary: 'The audit log, newest first; of one object or by one actor',
      tag: 'admin',
      access: { permission: 'audit:read' },
      query: AuditInput,
      responses: { 200: z.strictObject({ data: z.array(AuditView), next_cursor: z.string().nullable() }) },
      async handle({ query: { object_type: type, object_id: id, actor_id: actorId = null, limit, cursor } }) {
        const [before = null] = cursor === undefined ? [] : decodeCursor(cursor, 1);
        if (before !== null && !Number.isSafeInteger(before))
          throw new DomainError('validation_failed', 'the cursor is not one of ours');
        const object = type === undefined || id === undefined ? null : { type, id };
        const rows = await query((em) =>
          readAudit(em, { limit: limit + 1, before: before === null ? null : Number(before), object, actorId }),
        );
        const { data, nextCursor } = page(rows, limit, presentAudit, (row) => [row.id]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
  ];
}
