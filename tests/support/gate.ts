import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';

export interface Listening {
  readonly url: string;
  close(): Promise<void>;
}

/** Answers each POST once `passes` resolves. */
export const openGate = (passes: (body: string) => Promise<void>): Promise<Listening> =>
  listen(
    createServer((incoming, response) => {
      void read(incoming)
        .then((body) => passes(body.toString()))
        .then(() => response.end());
    }),
  );

/** Hands everything on to `target`, and its answers back once `passes` resolves: what was asked for has happened by then. */
export function openSlowWay(target: string, passes: (asked: string) => Promise<void>): Promise<Listening> {
  const { hostname, port } = new URL(target);
  return listen(
    createServer((incoming, response) => {
      void read(incoming).then((body) => {
        const { method, url: path, headers } = incoming;
        const far = request({ hostname, port, method, path, headers }, (answer) => {
          void read(answer).then(async (content) => {
            if (method === 'POST') await passes([path, headers['idempotency-key'], body].join(' '));
            response.writeHead(answer.statusCode ?? 500, answer.headers).end(content);
          });
        });
        far.on('error', () => response.destroy());
        far.end(body);
      });
    }),
  );
}

/** The same for mail: the server has taken a message, and its word for it waits. `passes` is given who it is for. */
export async function openSlowMail(target: string, passes: (to: string) => Promise<void>): Promise<Listening> {
  const { hostname: host, port } = new URL(target);
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect({ host, port: Number(port) });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    let to = '';
    let said = '';
    near.on('data', (data) => {
      said = (said + data.toString('latin1')).slice(-END_OF_MAIL.length - data.length);
      to = /RCPT TO:<([^>]+)>/i.exec(said)?.[1] ?? to;
      far.write(data);
    });
    far.on('data', (data) => {
      const taken = said.endsWith(END_OF_MAIL);
      said = '';
      if (taken) void passes(to).then(() => near.write(data));
      else near.write(data);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const END_OF_MAIL = '\r\n.\r\n';

async function listen(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function read(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
