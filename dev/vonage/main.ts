import { createVonageSimulator } from './simulator.js';

const env = process.env;
const simulator = createVonageSimulator({
  apiKey: env['API_KEY'] ?? 'simulator',
  apiSecret: env['API_SECRET'] ?? 'simulator',
  dataDir: env['DATA_DIR'] ?? null,
});
const url = await simulator.listen(Number(env['PORT'] ?? 0), env['HOST'] ?? '127.0.0.1');
process.stdout.write(`${JSON.stringify({ service: 'vonage-simulator', url })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
