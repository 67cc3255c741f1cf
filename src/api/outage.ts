/** SQLSTATE classes that speak of the server's state and not of the statement; conflicts have been retried before. */
const SERVER_STATE = /^(08...|25P0.|40...|53...|55P03|57...|58...)$/;
const NETWORK = /^(ECONN\w+|ETIMEDOUT|EPIPE|EAI_AGAIN|ENOTFOUND|EHOSTUNREACH|ENETUNREACH)$/;
const POOL =
  /^(timeout exceeded when trying to connect|Connection terminated|Client has encountered a connection error)/;
/** gRPC: cancelled, deadline exceeded, resource exhausted, aborted, unavailable. */
const GRPC = new Set([1, 4, 8, 10, 14]);

/** Whether an error means that PostgreSQL, Temporal or the network is away: the same request may work later. */
export function isOutage(error: unknown): boolean {
  return chain(error).some((each) => {
    const { code, details } = each as { code?: unknown; details?: unknown };
    if (typeof code === 'string') return SERVER_STATE.test(code) || NETWORK.test(code);
    if (typeof code === 'number') return details !== undefined && GRPC.has(code);
    return POOL.test(each.message);
  });
}

function chain(error: unknown, depth = 0): Error[] {
  if (!(error instanceof Error) || depth > 4) return [];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [error.cause];
  return [error, ...inner.flatMap((each) => chain(each, depth + 1))];
}
