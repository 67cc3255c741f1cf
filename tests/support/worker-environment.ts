// Before each test file: this jest worker's own database, key prefix, index and task queue.
import { workerDatabase } from './database.js';
import { hasService, serviceUrl } from './services.js';

const worker = process.env['JEST_WORKER_ID'] ?? '1';
const own = `${process.env['TEST_TEMPLATE'] ?? 'test'}_w${worker}`;

if (hasService('postgres')) {
  process.env['TEST_SERVER_URL'] ??= serviceUrl('postgres');
  process.env['DATABASE_URL'] = await workerDatabase(worker);
}
if (hasService('redis')) {
  const url = new URL(serviceUrl('redis'));
  url.pathname = `/${Number(worker) % 16}`;
  process.env['REDIS_URL'] = url.href;
}
process.env['REDIS_PREFIX'] = `${own}:`;
process.env['ELASTICSEARCH_INDEX'] = `${own.replaceAll('_', '-')}-products`;
process.env['TEMPORAL_TASK_QUEUE'] = own;
