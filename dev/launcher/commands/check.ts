import { execFile } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { tableLines } from '../console.js';
import { readOptions, type Command } from './command.js';

interface Step {
  readonly name: string;
  readonly what: string;
  readonly args: readonly string[];
  /** What mends it, for `npm run check -- --fix`. */
  readonly fix?: readonly string[];
}

const bin = (name: string, ...args: string[]): readonly string[] => [join('node_modules', '.bin', name), ...args];
const script = (name: string): readonly string[] => ['--import', 'tsx', join('dev', 'check', name)];

/** The longest first. */
const STEPS: readonly Step[] = [
  { name: 'types', what: 'TypeScript', args: bin('tsc', '--noEmit', '--project', '.') },
  {
    name: 'lint',
    what: 'oxlint, with types',
    args: bin('oxlint', '--type-aware', '--quiet'),
    fix: bin('oxlint', '--type-aware', '--quiet', '--fix'),
  },
  {
    name: 'format',
    what: 'prettier',
    args: bin('prettier', '--check', '.'),
    fix: bin('prettier', '--write', '--log-level', 'warn', '.'),
  },
  { name: 'unused', what: 'knip', args: bin('knip', '--no-progress') },
  { name: 'bundle', what: "Temporal's workflow bundle", args: script('workflow-bundle.ts') },
  {
    name: 'imports',
    what: 'who may import whom',
    args: bin('depcruise', 'src', '--config', '.dependency-cruiser.cjs'),
  },
  {
    name: 'sandbox',
    what: 'what workflows load',
    args: bin('depcruise', 'src', '--config', 'dev/check/workflow-imports.cjs'),
  },
  { name: 'mutants', what: 'that each patch still applies', args: script('mutants.ts') },
  { name: 'client', what: "the client's types", args: script('client.ts'), fix: [...script('client.ts'), '--fix'] },
  { name: 'compose', what: 'docker-compose.yml', args: script('compose-file.ts') },
  {
    name: 'lockfile',
    what: 'package-lock.json',
    args: script('lockfile.ts'),
    fix: [...script('lockfile.ts'), '--fix'],
  },
];

interface Outcome {
  readonly step: Step;
  readonly ok: boolean;
  readonly seconds: number;
  readonly output: string;
}

export const checkCommand: Command = {
  summary:
    'types, lint, format, imports, workflow bundle, unused code, types of the client, compose file, lock file; --fix mends what it can',
  async run({ root, args, console }) {
    const { rest } = readOptions(args);
    const fix = rest.includes('--fix');
    const wanted = rest.filter((name) => name !== '--fix');
    const unknown = wanted.filter((name) => !STEPS.some((step) => step.name === name));
    if (unknown.length > 0) throw new Error(`there is no step ${unknown.join(', ')}`);
    const steps = STEPS.filter(({ name }) => wanted.length === 0 || wanted.includes(name));
    const queue = [...steps];
    const outcomes: Outcome[] = [];
    const work = async (): Promise<void> => {
      for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
        const outcome = await runStep(root, step, fix);
        outcomes.push(outcome);
        console.step(step.name, outcome.ok ? 'ok' : 'FAILED');
        if (!outcome.ok) console.line(outcome.output);
      }
    };
    await Promise.all(Array.from({ length: Math.min(4, Math.max(2, availableParallelism())) }, work));
    console.line('');
    for (const line of tableLines(steps.map((step) => row(step, outcomes)))) console.line(line);
    const failed = outcomes.filter(({ ok }) => !ok).length;
    console.line('');
    console.line(failed === 0 ? `all ${steps.length} checks passed` : `${failed} of ${steps.length} checks failed`);
    return failed === 0 ? 0 : 1;
  },
};

function row(step: Step, outcomes: readonly Outcome[]): Record<string, string> {
  const outcome = outcomes.find((candidate) => candidate.step === step);
  return {
    check: step.name,
    what: step.what,
    result: outcome?.ok === true ? 'ok' : 'FAILED',
    seconds: (outcome?.seconds ?? 0).toFixed(1),
  };
}

function runStep(root: string, step: Step, fix: boolean): Promise<Outcome> {
  const started = performance.now();
  const args = fix ? (step.fix ?? step.args) : step.args;
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd: root, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
      const seconds = (performance.now() - started) / 1000;
      resolve({ step, ok: error === null, seconds, output: `${stdout}${stderr}`.trim() });
    });
  });
}
