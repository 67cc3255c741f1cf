/** What the launcher says: a line each, with the seconds since the start, on standard output. */
export interface Console {
  /** A plain line. */
  line(text: string): void;
  /** A line about one service or step. */
  step(name: string, text: string): void;
  table(rows: readonly Readonly<Record<string, string>>[]): void;
}

const NAME_WIDTH = 14;

export function createConsole(write: (text: string) => void = (text) => process.stdout.write(text)): Console {
  const started = performance.now();
  const line = (text: string): void => write(`${text}\n`);
  return {
    line,
    step(name, text) {
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(6);
      line(`${seconds} s  ${name.padEnd(NAME_WIDTH)} ${text}`);
    },
    table(rows) {
      for (const text of tableLines(rows)) line(text);
    },
  };
}

/** Columns as wide as their widest cell, headed by the first row's keys. */
export function tableLines(rows: readonly Readonly<Record<string, string>>[]): string[] {
  const columns = Object.keys(rows[0] ?? {});
  const widths = columns.map((column) => Math.max(column.length, ...rows.map((row) => (row[column] ?? '').length)));
  const format = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd();
  return [
    format(columns),
    format(widths.map((width) => '-'.repeat(width))),
    ...rows.map((row) => format(columns.map((column) => row[column] ?? ''))),
  ];
}

export const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error));
