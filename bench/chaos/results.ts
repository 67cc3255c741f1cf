import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CallEnd } from './contracts.js';
import { ENDS } from './meter.js';
import { picture } from './picture.js';
import { withFigures, type ChaosReport } from './report.js';

/** Keeps a run's figures and picture in a folder; answers the file of the figures. */
export function keepReport(folder: string, report: ChaosReport): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'report.json');
  writeFileSync(file, asJson(report));
  writeFileSync(join(folder, 'timeline.svg'), picture(report));
  return file;
}

/** Writes a run into the README and keeps its figures and its picture beside those of the other benches. */
export function writeIntoReadme(root: string, report: ChaosReport): void {
  const folder = join(root, 'bench', 'results');
  mkdirSync(join(folder, 'chaos'), { recursive: true });
  const name = `${report.at.slice(0, 10)}-${report.commit}-${report.options.seed}.json`;
  writeFileSync(join(folder, 'chaos', name), asJson(report));
  writeFileSync(join(folder, 'chaos.svg'), picture(report));
  const readme = join(root, 'README.md');
  writeFileSync(readme, withFigures(readFileSync(readme, 'utf8'), report));
}

/** The seconds as columns, and what the vitals were in lines: they are most of it. */
function asJson({ seconds, vitals, ...rest }: ChaosReport): string {
  const columns = Object.fromEntries(ENDS.map((end: CallEnd) => [end, seconds.map(({ ends }) => ends[end])]));
  const lines = vitals.samples.map((sample) => JSON.stringify(sample, rounded)).join(',\n      ');
  const short = { ...rest, seconds: '…', samples: rest.samples.slice(0, 100), vitals: { ...vitals, samples: '……' } };
  const text = JSON.stringify(short, rounded, 2)
    .replace('"…"', () => JSON.stringify(columns))
    .replace('"……"', () => `[\n      ${lines}\n    ]`);
  return `${text}\n`;
}

const rounded = (_: string, value: unknown): unknown =>
  typeof value === 'number' ? Math.round(value * 10) / 10 : value;
