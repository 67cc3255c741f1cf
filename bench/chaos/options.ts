import { parseArgs } from 'node:util';
import { FAULT_KINDS, type FaultKind } from './contracts.js';

export interface ChaosOptions {
  readonly minutes: number;
  readonly kinds: readonly FaultKind[];
  readonly seed: number;
  readonly shoppers: number;
  /** Where the report and what is broken are kept. */
  readonly out: string;
  /** Writes figures and picture into the README. */
  readonly readme: boolean;
}

/** @throws Error saying which option is wrong */
export function readChaosOptions(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '20' },
      faults: { type: 'string', default: 'all' },
      seed: { type: 'string', default: String(Math.floor(Math.random() * 1_000_000)) },
      shoppers: { type: 'string', default: '200' },
      out: { type: 'string', default: '.perdure/chaos-report' },
      readme: { type: 'boolean', default: false },
    },
  });
  const minutes = Number(values.minutes);
  if (!(minutes >= 1 && minutes <= 1_440)) throw new Error('--minutes takes a number from 1 to 1440');
  return {
    minutes,
    kinds: kindsOf(values.faults),
    seed: whole('seed', values.seed, 0),
    shoppers: whole('shoppers', values.shoppers, 1),
    out: values.out,
    readme: values.readme,
  };
}

function kindsOf(text: string): readonly FaultKind[] {
  if (text === 'all') return FAULT_KINDS;
  if (text === 'none') return [];
  return text.split(',').map((name) => {
    const kind = FAULT_KINDS.find((known) => known === name.trim());
    if (kind === undefined)
      throw new Error(`--faults takes all, none or some of ${FAULT_KINDS.join(', ')}, not "${name}"`);
    return kind;
  });
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < least) throw new Error(`--${name} takes a whole number from ${least}`);
  return value;
}
