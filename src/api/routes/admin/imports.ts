import { z } from 'zod';
import {
  acceptUpload,
  addPiece,
  cancelImport,
  dropUpload,
  IMPORT_FORMATS,
  IMPORT_STATUSES,
  listImports,
  listRefusals,
  openUpload,
  readImport,
  type ImportRecord,
} from '../../../domain/catalogue/index.js';
import { claimIdempotencyKey, hashBody } from '../../../domain/idempotency/index.js';
import type { Clock } from '../../../domain/kernel/clock.js';
import { DomainError } from '../../../domain/kernel/errors.js';
import { newId } from '../../../domain/kernel/ids.js';
import { decodeCursor, decodeIdCursor, page } from '../../../domain/kernel/page.js';
import type { Query, Transact } from '../../../domain/kernel/transact.js';
import { assertMayForShop } from '../../../domain/users/index.js';
import { callerKey } from '../../../domain/users/types.js';
import { endpoint, type Endpoint } from '../../endpoint.js';
import { Id, Instant, longPageInput } from '../../openapi/schemas.js';
import { receivePieces } from '../../receive-pieces.js';
import { plainText } from '../products/schemas.js';

export interface ImportRouteDeps {
  readonly transact: Transact;
  readonly query: Query;
  readonly now: Clock;
  readonly largestUpload?: number;
}

const LARGEST_UPLOAD = 268_435_456;
const UPLOAD_MS = 590_000;

const ImportView = z
  .strictObject({
    id: Id,
    name: z.string().meta({ description: "what the upload was called, or a path on the worker's disk" }),
    format: z.enum(IMPORT_FORMATS),
    uploaded: z.boolean(),
    status: z.enum(IMPORT_STATUSES).exclude(['receiving']),
    failure: z.string().nullable(),
    lines_read: z.int(),
    created: z.int(),
    updated: z.int(),
    unchanged: z.int(),
    refused: z.int().meta({ description: 'lines; what was wrong with each is in its refusals' }),
    bytes_read: z.int().meta({ description: 'of the unpacked text' }),
    bytes_total: z.int().nullable().meta({ description: 'as far as the file tells' }),
    started_by: Id.nullable(),
    created_at: Instant,
    finished_at: Instant.nullable(),
  })
  .meta({ id: 'Import' });

const presentImport = (record: ImportRecord): z.input<typeof ImportView> => ({
  id: record.importId,
  name: record.source,
  format: record.format,
  uploaded: record.uploaded,
  status: record.status as Exclude<ImportRecord['status'], 'receiving'>,
  failure: record.failure,
  lines_read: record.linesRead,
  created: record.created,
  updated: record.updated,
  unchanged: record.unchanged,
  refused: record.refused,
  bytes_read: record.bytesRead,
  bytes_total: record.bytesTotal,
  started_by: record.startedBy,
  created_at: record.createdAt,
  finished_at: record.finishedAt,
});

const Refusal = z.strictObject({ line: z.int(), field: z.string(), reason: z.string() });
const ImportId = z.strictObject({ id: Id });

/** Catalogue files, which may say anything of any product: sent, watched and stopped by the shop's people who may. */
export function createImportRoutes(deps: ImportRouteDeps): Endpoint[] {
  const { transact, query, now, largestUpload = LARGEST_UPLOAD } = deps;
  const access = { permission: 'imports:write' } as const;
  const shared = { tag: 'admin', access } as const;

  return [
    endpoint({
      ...shared,
      method: 'post',
      path: '/admin/imports',
      operationId: 'createImport',
      summary: 'Import a catalogue file: NDJSON or CSV, plain or gzip, sent as the body',
      query: z.strictObject({
        format: z
          .enum(IMPORT_FORMATS)
          .optional()
          .meta({ description: '`csv` where the Content-Type is text/csv, else `ndjson`' }),
        name: plainText(200).default('upload').meta({ description: 'what it is called in lists' }),
      }),
      streamedBody: {
        timeoutMs: UPLOAD_MS,
        mediaTypes: ['application/x-ndjson', 'text/csv', 'application/gzip'],
      },
      idempotency: 'own',
      responses: { 202: ImportView },
      async handle({ caller, query: input, idempotencyKey, requestId, ctx }) {
        assertMayForShop(caller, 'imports:write');
        const { name, format = ctx.is('text/csv') === 'text/csv' ? 'csv' : 'ndjson' } = input;
        const importId = newId();
        const by = { type: 'user', id: caller.userId, requestId } as const;
        await transact((em) => openUpload(em, { importId, name, format, startedBy: caller.userId }));
        try {
          const { digest, totalBytes } = await receivePieces(ctx.req, largestUpload, (number, bytes) =>
            transact((em) => addPiece(em, importId, number, bytes)),
          );
          const { resourceId, replayed } = await transact(async (em) => {
            const claimed =
              idempotencyKey === null
                ? { resourceId: importId, replayed: false }
                : await claimIdempotencyKey(em, {
                    caller: callerKey(caller),
                    key: idempotencyKey,
                    operation: 'createImport',
                    bodyHash: hashBody({ name, format, digest }),
                    resourceId: importId,
                  });
            if (claimed.replayed) await dropUpload(em, importId);
            else await acceptUpload(em, by, { importId, digest, totalBytes });
            return claimed;
          });
          return {
            status: 202,
            body: presentImport(await query((em) => readImport(em, resourceId))),
            headers: {
              Location: `/api/v1/admin/imports/${resourceId}`,
              ...(replayed ? { 'Idempotent-Replayed': 'true' } : {}),
            },
          };
        } catch (error) {
          // what this cannot drop is swept
          await transact((em) => dropUpload(em, importId)).catch(() => undefined);
          throw error;
        }
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/imports',
      operationId: 'listImports',
      summary: 'Imports, newest first',
      query: z.strictObject(longPageInput),
      responses: { 200: z.strictObject({ data: z.array(ImportView), next_cursor: z.string().nullable() }) },
      async handle({ caller, query: { limit, cursor } }) {
        assertMayForShop(caller, 'imports:write');
        const before = cursor === undefined ? null : decodeIdCursor(cursor);
        const rows = await query((em) => listImports(em, { limit: limit + 1, before }));
        const { data, nextCursor } = page(rows, limit, presentImport, (row) => [row.importId]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/imports/:id',
      operationId: 'getImport',
      summary: 'How far an import is, and how it ended',
      params: ImportId,
      responses: { 200: ImportView },
      async handle({ caller, params }) {
        assertMayForShop(caller, 'imports:write');
        return { status: 200, body: presentImport(await query((em) => readImport(em, params.id))) };
      },
    }),
    endpoint({
      ...shared,
      method: 'get',
      path: '/admin/imports/:id/refusals',
      operationId: 'listImportRefusals',
      summary: 'What was wrong with the lines that were refused, in the order of the file',
      params: ImportId,
      query: z.strictObject(longPageInput),
      responses: { 200: z.strictObject({ data: z.array(Refusal), next_cursor: z.string().nullable() }) },
      async handle({ caller, params, query: { limit, cursor } }) {
        assertMayForShop(caller, 'imports:write');
        const after = cursor === undefined ? { line: 0, field: '' } : refusalCursor(cursor);
        const rows = await query(async (em) => {
          await readImport(em, params.id);
          return listRefusals(em, params.id, after, limit + 1);
        });
        const present = ({ line, field, reason }: z.input<typeof Refusal>) => ({ line, field, reason });
        const { data, nextCursor } = page(rows, limit, present, (row) => [row.line, row.field]);
        return { status: 200, body: { data, next_cursor: nextCursor } };
      },
    }),
    endpoint({
      ...shared,
      method: 'post',
      path: '/admin/imports/:id/cancel',
      operationId: 'cancelImport',
      summary: 'Stop an import; what it imported stays',
      params: ImportId,
      idempotency: 'optional',
      responses: { 200: ImportView },
      async handle({ caller, params, requestId, claim }) {
        assertMayForShop(caller, 'imports:write');
        const by = { type: 'user', id: caller.userId, requestId } as const;
        const record = await transact(async (em) => {
          const { replayed } = await claim(em, params.id);
          if (!replayed) await cancelImport(em, by, params.id, now());
          return readImport(em, params.id);
        });
        return { status: 200, body: presentImport(record) };
      },
    }),
  ];
}

function refusalCursor(cursor: string): { line: number; field: string } {
  const [line, field] = decodeCursor(cursor, 2);
  if (Number.isSafeInteger(line) && Number(line) < 2 ** 31 && Number(line) >= 0 && typeof field === 'string')
    return { line: Number(line), field };
  throw new DomainError('validation_failed', 'the cursor is not one of ours', {}, [
    { field: 'cursor', message: 'not a cursor that this list returned' },
  ]);
}
