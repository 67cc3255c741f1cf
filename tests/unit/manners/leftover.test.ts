import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import Koa from 'koa';
import { serve, type Serving } from '../../../src/api/serve.js';
import type { Log } from '../../../src/domain/kernel/log.js';

const SILENT: Log = { child: () => SILENT, debug() {}, info() {}, warn() {}, error() {} };

let serving: Serving;
beforeAll(async () => {
  // it answers without having read what is sent
  const app = new Koa().use((ctx) => void (ctx.status = 404));
  serving = await serve(app, { host: '127.0.0.1', port: 0, log: SILENT, leftoverMs: 50 });
});
afterAll(() => serving.stop(1_000));

async function send(text: string): Promise<{ readonly socket: Socket; readonly answer: string }> {
  const socket = connect(serving.port, '127.0.0.1');
  socket.write(text);
  const [chunk] = (await once(socket, 'data')) as [Buffer];
  return { socket, answer: chunk.toString().split('\r\n')[0] ?? '' };
}

test('a connection, whose request goes on after its answer, is ended', async () => {
  const { socket, answer } = await send('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100000\r\n\r\nsome of it');
  expect(answer).toBe('HTTP/1.1 404 Not Found');
  // it goes on as long as it is listened to
  const trickle = setInterval(() => socket.write('more'), 20);
  // Not `once`, to which a reset is a failure: here it is an end as good as another.
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.on('close', resolve));
  clearInterval(trickle);
});

test('a connection, whose request was whole, is kept for the next one', async () => {
  const { socket } = await send('POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 4\r\n\r\nfull');
  await new Promise((resolve) => setTimeout(resolve, 150));
  socket.write('GET / HTTP/1.1\r\nHost: shop\r\n\r\n');
  const [next] = (await once(socket, 'data')) as [Buffer];
  expect(next.toString()).toContain('404 Not Found');
  socket.destroy();
});
