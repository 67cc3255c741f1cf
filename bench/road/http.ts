import { Agent, request } from 'node:http';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

export interface Http {
  send(
    method: 'GET' | 'POST',
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<Answer>;
  /** @throws Error when the status is another */
  ask<T>(expected: number, ...call: Parameters<Http['send']>): Promise<T>;
  close(): void;
}

const ANSWER_WITHIN_MS = 60_000;
const IDLE_MS = 20_000;

/** Kept-alive connections to one origin, lighter than `fetch`: the load must not be most of what is measured. */
export function openHttp(origin: string): Http {
  const { hostname, port } = new URL(origin);
  // idle ones go long before the API ends them: a request could meet that end
  const agent = new Agent({ keepAlive: true, maxSockets: 1_024, timeout: IDLE_MS });

  const send: Http['send'] = (method, path, { body, headers = {} } = {}) =>
    new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const outgoing = request(
        {
          ...{ agent, hostname, port, method, path, timeout: ANSWER_WITHIN_MS },
          headers: {
            ...headers,
            ...(text === undefined
              ? {}
              : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
          incoming.on('end', () =>
            resolve({ status: incoming.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
          incoming.on('error', reject);
        },
      );
      outgoing.on('timeout', () => outgoing.destroy(new Error(`${method} ${path} did not answer`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });

  return {
    send,
    async ask(expected, ...call) {
      const { status, text } = await send(...call);
      if (status !== expected) throw new Error(`${call[0]} ${call[1]} answered ${status}: ${text.slice(0, 300)}`);
      return JSON.parse(text) as never;
    },
    close: () => agent.destroy(),
  };
}
