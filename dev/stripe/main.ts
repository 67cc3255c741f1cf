import { createStripeSimulator } from './simulator.js';

const env = process.env;
const simulator = createStripeSimulator({
  secretKey: env['SECRET_KEY'] ?? 'sk_test_simulator',
  dataDir: env['DATA_DIR'] ?? null,
  webhook: env['WEBHOOK_URL'] ? { url: env['WEBHOOK_URL'], secrets: (env['WEBHOOK_SECRET'] ?? '').split(',') } : null,
});
const url = await simulator.listen(Number(env['PORT'] ?? 0), env['HOST'] ?? '127.0.0.1');
process.stdout.write(`${JSON.stringify({ service: 'stripe-simulator', url })}\n`);

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void simulator.close());
