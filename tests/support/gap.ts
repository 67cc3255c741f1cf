import { connect, createServer, type Socket } from 'node:net';
import { freePort } from '../../dev/launcher/ports.js';

/** A way to a service that can be cut. */
export interface Gap {
  /** host:port */
  readonly address: string;
  /** What is sent from now on is lost, also that a side hung up, and nobody is told. */
  cut(): void;
  /** Connections are ended, and further ones refused. */
  refuse(): Promise<void>;
  mend(): Promise<void>;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const LOWEST_PORT = 24_000;

export async function openGap(target: string): Promise<Gap> {
  const [host = '', port = ''] = target.split(':');
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port) });
    const pass = (from: Socket, to: Socket): void => {
      sockets.add(from);
      from.on('data', (data) => (isCut ? undefined : to.write(data)));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        if (!isCut) to.destroy();
      });
    };
    pass(near, far);
    pass(far, near);
  });
  // Not an ephemeral one: while nobody listens there, a client could come to be connected to itself.
  const own = await freePort(LOWEST_PORT + Number(process.env['JEST_WORKER_ID'] ?? 1) * 200, new Set());
  const listen = (): Promise<void> =>
    new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(own, HOST, () => {
        server.off('error', reject);
        resolve();
      });
    });
  const end = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      for (const socket of sockets) socket.destroy();
    });

  await listen();
  return {
    address: `${HOST}:${own}`,
    cut() {
      isCut = true;
    },
    refuse: end,
    async mend() {
      isCut = false;
      // Streams with a hole in them are of no use.
      for (const socket of sockets) socket.destroy();
      if (!server.listening) await listen();
    },
    close: end,
  };
}
