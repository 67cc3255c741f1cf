import { Agent, createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http';

/** The proxy before the API's processes. */
export interface Balancer {
  readonly origin: string;
  /** Whom it sends to, from now on. */
  serve(ports: readonly number[]): void;
  close(): Promise<void>;
}

/** `unready` answers, and says that it should get nothing; `silent` does not answer. */
type State = 'ready' | 'unready' | 'silent';

interface Backend {
  readonly port: number;
  state: State;
  /** Looks in a row that were not answered. */
  missed: number;
}

const LOOK_MS = 500;
const LOOK_WITHIN_MS = 2_500;
const MISSES = 2;
const NOBODY = JSON.stringify({ error: { code: 'unavailable', message: 'no server is ready', details: [] } });

/**
 * Round robin over those that are ready; over those that say they are not while no other is, since they know best what still
 * works. A request goes to another one only where the first refused the connection: whatever was sent may have been done.
 */
export async function startBalancer(port: number): Promise<Balancer> {
  let backends: Backend[] = [];
  let turn = 0;
  const agent = new Agent({ keepAlive: true, maxSockets: 500 });

  function inTurn(): Backend[] {
    const ready = backends.filter(({ state }) => state === 'ready');
    const candidates = ready.length > 0 ? ready : backends.filter(({ state }) => state === 'unready');
    turn += 1;
    return candidates.map((_each, index) => candidates[(turn + index) % candidates.length] as Backend);
  }

  async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    send(request, response, Buffer.concat(chunks), inTurn());
  }

  function send(request: IncomingMessage, response: ServerResponse, body: Buffer, candidates: Backend[]): void {
    const backend = candidates.shift();
    if (backend === undefined) {
      response.writeHead(503, { 'content-type': 'application/json', 'retry-after': '1' }).end(NOBODY);
      return;
    }
    const onward = ask(
      {
        host: '127.0.0.1',
        port: backend.port,
        method: request.method,
        path: request.url,
        agent,
        headers: headers(request),
      },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
        answer.once('error', () => response.destroy());
      },
    );
    const gone = (): void => void onward.destroy();
    response.once('close', gone);
    onward.once('error', (error: NodeJS.ErrnoException) => {
      response.off('close', gone);
      if (error.code !== 'ECONNREFUSED') return void response.destroy();
      backend.state = 'silent';
      send(request, response, body, candidates);
    });
    onward.end(body);
  }

  async function look(backend: Backend): Promise<void> {
    try {
      const signal = AbortSignal.timeout(LOOK_WITHIN_MS);
      const answer = await fetch(`http://127.0.0.1:${backend.port}/health/ready`, { signal });
      await answer.arrayBuffer();
      backend.state = answer.ok ? 'ready' : 'unready';
      backend.missed = 0;
    } catch {
      backend.missed += 1;
      if (backend.missed >= MISSES) backend.state = 'silent';
    }
  }

  const server = createServer({ keepAliveTimeout: 65_000 }, (request, response) => {
    take(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const looking = new Set<Backend>();
  const timer = setInterval(() => {
    for (const backend of backends) {
      if (looking.has(backend)) continue;
      looking.add(backend);
      void look(backend).finally(() => looking.delete(backend));
    }
  }, LOOK_MS);

  return {
    origin: `http://127.0.0.1:${port}`,
    serve(ports) {
      backends = ports.map((each) => ({ port: each, state: 'unready', missed: 0 }));
    },
    async close() {
      clearInterval(timer);
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

/** A caller's word about its address is believed: all shoppers are on one machine, and are to look as if they were not. */
function headers({ headers: given, socket }: IncomingMessage): Record<string, string | string[]> {
  const { connection: _connection, 'transfer-encoding': _encoding, 'content-length': _length, ...kept } = given;
  const from = given['x-forwarded-for'] ?? socket.remoteAddress ?? '127.0.0.1';
  return { ...(kept as Record<string, string | string[]>), 'x-forwarded-for': from };
}
