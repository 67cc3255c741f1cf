import { Connection } from '@temporalio/client';

/** Whether a worker has asked the server for tasks since a time: then it is ready. */
export async function workerPolls(env: Readonly<Record<string, string | undefined>>, since: Date): Promise<boolean> {
  const connection = await Connection.connect({ address: env['TEMPORAL_ADDRESS'] ?? '', connectTimeout: '3s' });
  try {
    const { pollers } = await connection.workflowService.describeTaskQueue({
      namespace: env['TEMPORAL_NAMESPACE'] ?? 'default',
      taskQueue: { name: env['TEMPORAL_TASK_QUEUE'] ?? 'perdure' },
    });
    return (pollers ?? []).some(
      ({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) >= Math.floor(since.getTime() / 1000),
    );
  } finally {
    await connection.close();
  }
}
