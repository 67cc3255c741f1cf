const texts = new Set<string>();

/**
 * A statement that is asked so often that each connection has PostgreSQL read and plan it once. For SQL of a fixed text, or of
 * a few, whose parameters are single values of types that show: `?::text` where only a value says so.
 */
export function prepared(sql: string): string {
  texts.add(sql);
  return sql;
}

export const isPrepared = (sql: string): boolean => texts.has(sql);
