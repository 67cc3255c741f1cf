import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { held, post, sdk, SECRET_KEY, startReceiver, WEBHOOK_SECRET } from './stripe-bench.js';

const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

async function spawnSimulator(env: Record<string, string>): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, ['--import', TSX, 'dev/stripe/main.ts'], {
    env: { PATH: process.env['PATH'], SECRET_KEY, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, url: (JSON.parse(line) as { url: string }).url };
}

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await once(child, 'exit');
}

test('the simulator, killed and started again, still knows its payments, keys, ledger and unsent webhooks', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'stripe-'));
  const receiver = await startReceiver();
  const first = await spawnSimulator({ DATA_DIR: folder, WEBHOOK_URL: 'http://127.0.0.1:1/', WEBHOOK_SECRET });
  try {
    const intent = await sdk(first.url).paymentIntents.create(held('pm_card_visa'), { idempotencyKey: 'k' });
    await post(first.url, '/test/switches', { timeout_after_commit: 1 });
    const lost = sdk(first.url).paymentIntents.capture(intent.id, {}, { idempotencyKey: 'c', timeout: 300 });
    await expect(lost).rejects.toThrow(/timeout/);
  } finally {
    await kill(first.child);
  }
  const second = await spawnSimulator({ DATA_DIR: folder, WEBHOOK_URL: receiver.url, WEBHOOK_SECRET });
  try {
    const stripe = sdk(second.url);
    const again = await stripe.paymentIntents.create(held('pm_card_visa'), { idempotencyKey: 'k' });
    expect(again.lastResponse.headers['idempotent-replayed']).toBe('true');
    const captured = await stripe.paymentIntents.capture(again.id, {}, { idempotencyKey: 'c' });
    expect(captured).toMatchObject({ status: 'succeeded', amount_received: 4200 });
    const { intents } = (await (await fetch(`${second.url}/ledger.json`)).json()) as { intents: unknown[] };
    expect(intents).toMatchObject([{ intent: again.id, captured: 4200, captures: 1, net: 4200 }]);
    await receiver.until(5);
    expect(new Set(receiver.received.map(({ event }) => event.type))).toContain('payment_intent.succeeded');
  } finally {
    await kill(second.child);
    await receiver.close();
    await rm(folder, { recursive: true, force: true });
  }
});
