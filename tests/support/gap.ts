import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** A way to a service that can be cut: what is sent meanwhile is lost, also that a side hung up, and nobody is told. */
export interface Gap {
  /** host:port */
  readonly address: string;
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

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
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut() {
      isCut = true;
    },
    mend() {
      isCut = false;
      // Streams with a hole in them are of no use.
      for (const socket of sockets) socket.destroy();
    },
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
