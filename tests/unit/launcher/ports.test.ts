import { createServer } from 'node:net';
import { firstEphemeralPort, firstPortOf, freePort } from '../../../dev/launcher/ports.js';

describe('ports', () => {
  test('the first port, for the same owner, is always the same and below the ephemeral range', () => {
    const port = firstPortOf('/home/a/perdure:demo');
    expect(firstPortOf('/home/a/perdure:demo')).toBe(port);
    expect(port).toBeGreaterThanOrEqual(15_000);
    expect(port).toBeLessThan(firstEphemeralPort());
  });

  test('the first port, for two clones, differs', () => {
    expect(firstPortOf('/home/a/perdure:demo')).not.toBe(firstPortOf('/home/b/perdure:demo'));
  });

  test('a free port, when the wanted one is listened on, is another one', async () => {
    const wanted = await freePort(firstPortOf(`busy ${process.pid}`), new Set());
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(wanted, '127.0.0.1', resolve));
    try {
      await expect(freePort(wanted, new Set())).resolves.not.toBe(wanted);
    } finally {
      server.close();
    }
  });

  test('a free port, when the wanted one is promised to another service, is another one', async () => {
    const wanted = await freePort(firstPortOf(`promised ${process.pid}`), new Set());
    await expect(freePort(wanted, new Set([wanted]))).resolves.not.toBe(wanted);
  });
});
