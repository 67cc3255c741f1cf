import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DeterminismViolationError } from '@temporalio/workflow';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { installRuntime } from '../../src/infra/temporal/worker.js';
import { ENDINGS } from './endings.js';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const HISTORIES = here('histories');
const saved = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.json'))
  .sort();
const textOf = (path: string): string => readFileSync(join(HISTORIES, path), 'utf8');

async function bundle(path: string): Promise<string> {
  return (await bundleWorkflowCode({ workflowsPath: here(path), logger: new DefaultLogger('ERROR') })).code;
}
const replay = (code: string, path: string): Promise<void> =>
  Worker.runReplayHistory({ workflowBundle: { code } }, JSON.parse(textOf(path)));

let current: string;
beforeAll(async () => {
  installRuntime({ warn: () => undefined, error: () => undefined });
  current = await bundle('../../src/workflows/index.ts');
});

test.each(saved)('the flows as they are now, replaying %s, do what was done', async (path) => {
  await expect(replay(current, path)).resolves.toBeUndefined();
});

test('every ending of every flow has a saved history of some version', () => {
  const names = new Set(saved.map((path) => path.replace(/^.*\//, '').replace('.json', '')));
  expect(Object.keys(ENDINGS).filter((name) => !names.has(name))).toEqual([]);
  const index = readFileSync(here('../../src/workflows/index.ts'), 'utf8');
  const flows = [...index.matchAll(/export \{([^}]+)\}/g)].flatMap(([, names]) => (names ?? '').trim().split(/,\s*/));
  const types = new Set(saved.map((path) => /"workflowType": \{\s*"name": "(\w+)"/.exec(textOf(path))?.[1]));
  expect(flows.filter((flow) => !types.has(flow))).toEqual([]);
});

test('a flow with two steps swapped, replaying what ran before, is caught', async () => {
  const swapped = await bundle('./swapped-flows.ts');
  const caught = async (name: string): Promise<void> => {
    const path = saved.find((each) => each.endsWith(`/${name}.json`));
    if (path === undefined) throw new Error(`no history of ${name}`);
    await expect(replay(swapped, path)).rejects.toThrow(DeterminismViolationError);
  };
  await caught('payment-event-settled');
  await caught('checkout-placed');
});

test('the saved histories hold no personal data, no secret and no machine’s name', () => {
  for (const path of saved) {
    const text = textOf(path);
    const payloads = [...text.matchAll(/"data": "([\w+/=]+)"/g)].map(([, data]) =>
      Buffer.from(data ?? '', 'base64').toString(),
    );
    expect(`${text}${payloads.join('\n')}`).not.toMatch(
      /@example|\+1555|_secret_|sk_test|Springfield|node_modules|"identity": "(?!worker")/,
    );
  }
});
