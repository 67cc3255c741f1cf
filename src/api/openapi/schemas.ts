import { z } from 'zod';
import { ERROR_CODES } from '../../domain/kernel/errors.js';
import { PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX } from '../../domain/kernel/page.js';

/** Schemas that many routes share; named in the OpenAPI document. */
export const Id = z.uuid().meta({ id: 'Id', description: 'UUID, version 7 where we made it' });

export const Money = z
  .strictObject({
    amount: z.int().meta({ description: 'minor units, such as cents' }),
    currency: z.string().length(3).meta({ description: 'ISO 4217' }),
  })
  .meta({ id: 'Money' });

export const Country = z
  .string()
  .regex(/^[A-Z]{2}$/, 'must be an ISO 3166 alpha-2 code, such as DE')
  .meta({ id: 'Country', description: 'ISO 3166 alpha-2' });

export const Instant = z.iso.datetime().meta({ id: 'Instant', description: 'ISO 8601, UTC' });

/** A whole number in a query string. */
export const queryInteger = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,15}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.int().min(min).max(max));

/** What a list takes in its query string: how many, and from where on. */
export const pageInput = {
  limit: queryInteger(1, PAGE_LIMIT_MAX).default(PAGE_LIMIT_DEFAULT),
  cursor: z.string().max(200).optional(),
};

/** The same of a list whose cursors may hold text of its rows. */
export const longPageInput = { ...pageInput, cursor: z.string().min(1).max(2_000).optional() };

export const ErrorEnvelope = z
  .strictObject({
    error: z.strictObject({
      code: z.enum(ERROR_CODES),
      message: z.string(),
      details: z.array(z.strictObject({ field: z.string(), message: z.string() })),
      data: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: 'ids and numbers that belong to the code' }),
      request_id: z.string(),
      timestamp: Instant,
    }),
  })
  .meta({ id: 'Error' });
