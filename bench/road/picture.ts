import { levelOf, type Line, type Report } from './report.js';

const COLOURS: Readonly<Record<string, string>> = {
  api: '#4e79a7',
  floor: '#4e79a7',
  worker: '#f28e2b',
  temporal: '#e15759',
  postgres: '#76b7b2',
  redis: '#59a14f',
  elasticsearch: '#edc948',
};
const [LEFT, WIDTH, ROW, TOP] = [320, 560, 30, 56];

/** Two pictures in one: the CPU of each operation, and below it, on a scale of its own, that of the checkouts. */
export function picture(report: Report): string {
  const all = [...report.operations, ...report.floors];
  const big = all.filter(({ name }) => name.includes('checkout'));
  const small = all.filter((line) => !big.includes(line));
  const parts = [...bars(small, TOP), ...bars(big, TOP + small.length * ROW + 40)];
  const height = TOP + all.length * ROW + 60;
  const legend = ['api', 'worker', 'temporal', 'postgres', 'redis', 'elasticsearch'].map(
    (name, index) =>
      `<rect x="${20 + index * 130}" y="16" width="12" height="12" fill="${COLOURS[name]}"/>` +
      `<text x="${38 + index * 130}" y="26">${name}</text>`,
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${LEFT + WIDTH + 90}" height="${height}" font-family="sans-serif" font-size="13">`,
    '<title>CPU milliseconds an operation, by process</title>',
    `<rect width="100%" height="100%" fill="#fff"/>`,
    ...legend,
    ...parts,
    '</svg>',
    '',
  ].join('\n');
}

function bars(lines: readonly Line[], top: number): string[] {
  const most = Math.max(1e-9, ...lines.map((line) => levelOf(line)?.cpuTotal ?? 0));
  return lines.flatMap((line, index) => {
    const level = levelOf(line);
    const y = top + index * ROW;
    let x = LEFT;
    const rects = Object.entries(level?.cpu ?? {}).map(([name, value]) => {
      const width = (value / most) * WIDTH;
      const rect = `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="20" fill="${COLOURS[name] ?? '#999'}"/>`;
      x += width;
      return rect;
    });
    return [
      `<text x="${LEFT - 10}" y="${y + 15}" text-anchor="end">${line.name}</text>`,
      ...rects,
      `<text x="${(x + 6).toFixed(1)}" y="${y + 15}">${(level?.cpuTotal ?? 0).toFixed(1)} ms</text>`,
    ];
  });
}
