import { MikroORM, type EntityManager } from '@mikro-orm/postgresql';
import type { Pool } from 'pg';
import { entities } from './entities.js';
import { joinBegin } from './join-begin.js';
import { watchPool, type DatabaseWatch } from './watch-statements.js';
import { guardPool } from './guard-pool.js';
import { namePrepared, PreparedDriver } from './prepared-driver.js';

const INT8 = 20;
const TIMESTAMPTZ = 1184;

export interface DatabaseOptions {
  readonly url: string;
  readonly poolMax?: number;
  readonly applicationName?: string;
  /** A statement that runs longer fails. Milliseconds. */
  readonly statementTimeoutMs?: number;
  /** Figures and traces of what is sent. */
  readonly watches?: readonly DatabaseWatch[];
  /** A server that is silent for longer is given up; later than it would end a statement by itself. Milliseconds. */
  readonly silenceMs?: number;
}

const STATEMENT_TIMEOUT_MS = 15_000;
const SILENCE_MARGIN_MS = 2_000;

/** Connects lazily. Raw rows carry `bigint` as number and `timestamptz` as ISO 8601 text. */
export function createOrm(options: DatabaseOptions): MikroORM {
  const { statementTimeoutMs = STATEMENT_TIMEOUT_MS } = options;
  return new MikroORM({
    driver: PreparedDriver,
    clientUrl: options.url,
    entities: [...entities],
    forceUtcTimezone: true,
    pool: { min: 0, max: options.poolMax ?? 10 },
    driverOptions: {
      application_name: options.applicationName ?? 'perdure',
      statement_timeout: statementTimeoutMs,
      // A frozen process must not keep row locks: PostgreSQL ends its transaction.
      idle_in_transaction_session_timeout: 10_000,
      connectionTimeoutMillis: 5_000,
      options: '-c timezone=UTC',
      onPoolCreated: (pool: Pool) => {
        const types = (pool as unknown as { options: { types: TypeParsers } }).options.types;
        types.setTypeParser(INT8, toSafeInteger);
        types.setTypeParser(TIMESTAMPTZ, toIso);
        // first, so that a watch still sees each statement by itself
        pool.on('connect', (client) => {
          namePrepared(client);
          joinBegin(client);
        });
        if (options.watches !== undefined && options.watches.length > 0) watchPool(pool, options.watches);
        guardPool(pool, options.silenceMs ?? statementTimeoutMs + SILENCE_MARGIN_MS);
      },
    },
    discovery: { checkDuplicateFieldNames: true },
  });
}

interface TypeParsers {
  setTypeParser(oid: number, parse: (text: string) => unknown): void;
}

function toSafeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint out of range: ${text}`);
  return value;
}

const MILLISECONDS_END = '2026-01-01 00:00:00.000'.length;

/** PostgreSQL leaves out zeros at the end; clients get three digits, as from `Date`. */
function toIso(text: string): string {
  const [moment = ''] = text.split('+', 1);
  const [seconds = '', fraction = ''] = moment.slice(0, MILLISECONDS_END).replace(' ', 'T').split('.', 2);
  return `${seconds}.${fraction.padEnd(3, '0')}Z`;
}

export type { EntityManager, MikroORM };
