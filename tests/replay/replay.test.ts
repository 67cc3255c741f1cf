import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Resource } from '@opentelemetry/resources';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { OpenTelemetryPlugin } from '@temporalio/interceptors-opentelemetry';
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
/** As a worker does that makes traces: with the interceptors of the SDK in the sandbox, and headers on every step. */
async function bundleTraced(path: string): Promise<{ code: string; plugin: OpenTelemetryPlugin }> {
  const plugin = new OpenTelemetryPlugin({
    resource: Resource.empty(),
    spanProcessor: new SimpleSpanProcessor(new InMemorySpanExporter()),
  });
  const options = { workflowsPath: here(path), logger: new DefaultLogger('ERROR'), plugins: [plugin] };
  return { code: (await bundleWorkflowCode(options)).code, plugin };
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

test('the flows, replayed by a worker that makes traces, do what was done without', async () => {
  const { code, plugin } = await bundleTraced('../../src/workflows/index.ts');
  for (const path of saved)
    await expect(
      Worker.runReplayHistory({ workflowBundle: { code }, plugins: [plugin] }, JSON.parse(textOf(path))),
    ).resolves.toBeUndefined();
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
