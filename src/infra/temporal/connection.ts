import { Client, Connection, type ConnectionLike } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';

export interface TemporalAddress {
  readonly address: string;
  readonly namespace: string;
}

/** Connects with the first call, so a process starts while Temporal is down; comes back within 2 s of its return. */
export const createTemporalConnection = ({ address }: Pick<TemporalAddress, 'address'>): Connection =>
  Connection.lazy({
    address,
    channelArgs: { 'grpc.initial_reconnect_backoff_ms': 200, 'grpc.max_reconnect_backoff_ms': 2_000 },
  });

export const createTemporalClient = (connection: ConnectionLike, { namespace }: Pick<TemporalAddress, 'namespace'>): Client =>
  new Client({ connection, namespace });

export interface WaitForTemporal {
  readonly signal: AbortSignal;
  readonly onWaiting: () => void;
}

/** The worker's connection: waits until Temporal answers. @throws the signal's reason once it is aborted */
export async function connectWorker({ address }: Pick<TemporalAddress, 'address'>, wait: WaitForTemporal): Promise<NativeConnection> {
  for (;;) {
    wait.signal.throwIfAborted();
    try {
      return await NativeConnection.connect({ address });
    } catch {
      wait.onWaiting();
      await pause(1_000, wait.signal);
    }
  }
}

/** Resolves after the time or at once when the signal is aborted. */
export const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
