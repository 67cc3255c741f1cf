import { Client, Connection, type ClientPlugin, type ConnectionLike } from '@temporalio/client';

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

export const createTemporalClient = (
  connection: ConnectionLike,
  { namespace }: Pick<TemporalAddress, 'namespace'>,
  plugins: ClientPlugin[] = [],
): Client => new Client({ connection, namespace, plugins });
