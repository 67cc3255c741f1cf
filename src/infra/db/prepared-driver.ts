import { PostgreSqlConnection, PostgreSqlDriver, type Configuration } from '@mikro-orm/postgresql';
import { CompiledQuery } from 'kysely';
import type { ClientBase } from 'pg';
import { isPrepared } from '../../domain/kernel/prepared.js';

/** MikroORM's driver, but that statements marked `prepared` go out with their parameters beside them instead of in them. */
export class PreparedDriver extends PostgreSqlDriver {
  constructor(config: Configuration) {
    super(config);
    Object.assign(this, { connection: new PreparedConnection(config) });
  }
}

type Execute = PostgreSqlConnection['execute'];

class PreparedConnection extends PostgreSqlConnection {
  override execute: Execute = async (query, params = [], method = 'all', ctx, loggerContext) => {
    const inlined = () => super.execute<never>(query, params, method, ctx, loggerContext);
    if (typeof query !== 'string' || !Array.isArray(params) || !isPrepared(query)) return inlined();
    await this.ensureConnection();
    const values = params.map((value: unknown) => (typeof value === 'bigint' ? String(value) : value));
    try {
      return await this.executeQuery(
        query,
        async () => {
          const compiled = CompiledQuery.raw(numbered(query), values);
          return this.transformRawResult<never>(await (ctx ?? this.getClient()).executeQuery(compiled), method);
        },
        { query, params },
      );
    } catch (error) {
      if (!isStale(error)) throw error;
      generation += 1;
      // inside a transaction all of it has failed, and runs again as after a conflict
      if (ctx !== undefined) throw error;
      return inlined();
    }
  };
}

/** Names go out of use when a migration has changed what a statement answers. */
let generation = 0;
const numberedTexts = new Map<string, string>();
const names = new Map<string, number>();

function numbered(sql: string): string {
  const known = numberedTexts.get(sql);
  if (known !== undefined) return known;
  let index = 0;
  const text = sql.replaceAll('?', () => `$${(index += 1)}`);
  numberedTexts.set(sql, text);
  names.set(text, names.size + 1);
  return text;
}

type Send = (text: unknown, values?: unknown, ...rest: unknown[]) => unknown;

/** Gives prepared statements the names under which a connection keeps them. */
export function namePrepared(client: ClientBase): void {
  const send = client.query.bind(client) as unknown as Send;
  const query: Send = (text, values, ...rest) => {
    const number = typeof text === 'string' ? names.get(text) : undefined;
    return number === undefined
      ? send(text, values, ...rest)
      : send({ name: `p${number}.${generation}`, text, values }, undefined, ...rest);
  };
  client.query = query as ClientBase['query'];
}

const FEATURE_NOT_SUPPORTED = '0A000';

/** Whether a migration has changed what a prepared statement answers, since the connection prepared it. */
export const isStale = (error: unknown): boolean =>
  error instanceof Error &&
  (error as { code?: unknown }).code === FEATURE_NOT_SUPPORTED &&
  error.message.includes('cached plan');
