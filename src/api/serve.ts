import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type Koa from 'koa';
import type { Log } from '../domain/kernel/log.js';

const DRAIN_MS = 20_000;
const UPLOAD_MS = 600_000;
/** How long a client that was answered already may go on sending the rest of its request. */
const LEFTOVER_MS = 30_000;

export interface Serving {
  readonly port: number;
  /** Accepts nothing new, lets requests in flight finish, and cuts what is left after `drainMs`. */
  stop(drainMs?: number): Promise<void>;
}

/** Listens, and resolves once connections are accepted. Port 0 takes any free one. */
export async function serve(
  app: Koa,
  {
    host,
    port,
    log,
    leftoverMs = LEFTOVER_MS,
  }: { readonly host: string; readonly port: number; readonly log: Log; readonly leftoverMs?: number },
): Promise<Serving> {
  let stopping = false;
  const inFlight = new Set<ServerResponse>();
  const handle = app.callback();
  const server = createServer(
    // requests are given up long before, by the time-out of the app; an upload may take its time
    { requestTimeout: UPLOAD_MS, headersTimeout: 10_000, keepAliveTimeout: 65_000 },
    (request, response) => {
      inFlight.add(response);
      response.once('finish', () => {
        if (!request.complete) setTimeout(() => request.complete || request.destroy(), leftoverMs).unref();
      });
      response.once('close', () => {
        inFlight.delete(response);
        // Those that were busy when stopping began, and would now wait for another request.
        if (stopping) setImmediate(() => server.closeIdleConnections());
      });
      if (stopping) response.setHeader('Connection', 'close');
      void handle(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  log.info({ port: bound }, 'listening');

  return {
    port: bound,
    async stop(drainMs = DRAIN_MS) {
      stopping = true;
      for (const response of inFlight) if (!response.headersSent) response.setHeader('Connection', 'close');
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => {
        log.warn({}, 'cutting connections that did not finish in time');
        server.closeAllConnections();
      }, drainMs);
      await closed;
      clearTimeout(cut);
      log.info({}, 'stopped listening');
    },
  };
}
