/** A table as Markdown, its columns as wide as they need. */
export function pipes(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, column) => Math.max(3, cell.length, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, column) => (cells[column] ?? '').padEnd(width)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** The README with this between the markers of a bench. @throws Error where it has none */
export function withBlock(readme: string, bench: 'bench' | 'chaos', block: string): string {
  const first = `<!-- ${bench}: written by \`npm run ${bench} -- --readme\` -->`;
  const [begin, end] = [readme.indexOf(first), readme.indexOf(`<!-- ${bench}: end -->`)];
  if (begin < 0 || end < begin) throw new Error(`the README has no ${first}`);
  return `${readme.slice(0, begin + first.length)}\n\n${block}\n\n${readme.slice(end)}`;
}
