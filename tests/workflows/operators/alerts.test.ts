import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import { parse } from 'yaml';
import { freePort } from '../../../dev/launcher/ports.js';
import { newId } from '../../../src/domain/kernel/ids.js';
import { ensureSearchAttributes } from '../../../src/infra/temporal/namespace.js';
import { installRuntime } from '../../../src/infra/temporal/worker.js';
import { describeWith, serviceUrl } from '../../support/services.js';
import { until } from '../../support/until.js';

const LOWEST_PORT = 22_000;

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly annotations: { readonly summary: string; readonly runbook: string };
}

const read = (path: string): Promise<string> => readFile(new URL(`../../../${path}`, import.meta.url), 'utf8');

async function rules(): Promise<Rule[]> {
  const { groups } = parse(await read('ops/alerts/flows.yaml')) as { groups: { rules: Rule[] }[] };
  return groups.flatMap((group) => group.rules);
}

test('every alert leads to a section of the runbook that is there', async () => {
  const anchors = [...(await read('docs/runbook.md')).matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replace(/ /g, '-'),
  );
  const all = await rules();
  expect(all.length).toBeGreaterThanOrEqual(5);
  for (const { alert, annotations } of all) {
    const [file, anchor] = annotations.runbook.split('#');
    expect([alert, file, anchors]).toEqual([alert, 'docs/runbook.md', expect.arrayContaining([anchor])]);
  }
});

describeWith('temporal', 'what operators look by', () => {
  test('every filter of the runbook is one that Temporal takes', async () => {
    const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: serviceUrl('temporal') });
    try {
      await ensureSearchAttributes(environment.client, 'default');
      const filters = [...(await read('docs/runbook.md')).matchAll(/^ {4}([A-Z]\w+ (?:=|IN|STARTS_WITH) .*)$/gm)];
      expect(filters.length).toBeGreaterThan(15);
      for (const [, query = ''] of filters) {
        const counted = environment.client.workflow.count(query).then(
          () => query,
          () => 'refused',
        );
        expect(await counted).toBe(query);
      }
    } finally {
      await environment.teardown();
    }
  });

  test('a workflow task that keeps failing raises the figure, with the type and the reason that the rules ask for', async () => {
    const port = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 100, new Set());
    installRuntime(
      { warn: () => undefined, error: () => undefined },
      {
        metrics: {
          prometheus: { bindAddress: `127.0.0.1:${port}`, countersTotalSuffix: true, useSecondsForDurations: true },
        },
      },
    );
    const environment = await TestWorkflowEnvironment.createFromExistingServer({ address: serviceUrl('temporal') });
    const taskQueue = `alerts-${newId()}`;
    const worker = await Worker.create({
      connection: environment.nativeConnection,
      taskQueue,
      workflowsPath: fileURLToPath(new URL('./failing-flow.ts', import.meta.url)),
      shutdownGraceTime: '1s',
    });
    const running = worker.run();
    const handle = await environment.client.workflow.start('failing', { taskQueue, workflowId: newId() });
    try {
      const figures = await until(
        'the figure',
        () =>
          fetch(`http://127.0.0.1:${port}/metrics`).then(
            (response) => response.text(),
            () => '',
          ),
        (text) => /temporal_workflow_task_execution_failed_total\{[^}]*\} [1-9]/.test(text),
      );
      const line = figures.split('\n').find((each) => each.startsWith('temporal_workflow_task_execution_failed_total'));
      expect(line).toContain('workflow_type="failing"');
      expect(line).toContain(`task_queue="${taskQueue}"`);
      expect(line).toContain('failure_reason="WorkflowError"');
      expect(figures).toMatch(/temporal_num_pollers\{[^}]*poller_type="workflow_task"/);
    } finally {
      await handle.terminate();
      worker.shutdown();
      await running;
      await environment.teardown();
    }
  }, 60_000);
});
