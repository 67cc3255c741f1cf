import { createServer, type AddressInfo } from 'node:net';
import type { RuntimeOptions } from '@temporalio/worker';

export interface RuntimeFigures {
  readonly telemetry: NonNullable<RuntimeOptions['telemetryOptions']>;
  /** In Prometheus' text format. @throws while the runtime does not tell them */
  readonly text: () => Promise<string>;
}

const ANSWER_MS = 2_000;

/**
 * The SDK's own figures of flows and activities: outcomes, durations, slots, polls. Its core tells them on a port of its own;
 * that one is of this machine alone, and the worker's figures carry them on.
 */
export async function createRuntimeFigures(): Promise<RuntimeFigures> {
  const bindAddress = `127.0.0.1:${await freePort()}`;
  return {
    telemetry: { metrics: { prometheus: { bindAddress, countersTotalSuffix: true, useSecondsForDurations: true } } },
    async text() {
      const response = await fetch(`http://${bindAddress}/metrics`, { signal: AbortSignal.timeout(ANSWER_MS) });
      return response.text();
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
