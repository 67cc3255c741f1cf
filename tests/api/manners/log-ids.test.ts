import { openAccountApp, type AccountApp } from '../../support/account.js';

let app: AccountApp;
beforeAll(async () => {
  app = await openAccountApp();
});
afterAll(() => app.close());

const line = (requestId: string) =>
  app.logged().find((each) => each['request_id'] === requestId && each['message'] === 'request');

test('the log line of a request that reaches a flow names the flow, and that of one that does not, none', async () => {
  const { email } = await app.register();
  const ask = (path: string, requestId: string, body: object) =>
    app.call('POST', path, { body, headers: { 'X-Request-Id': requestId } });
  await Promise.all([
    ask('/auth/password-reset', 'asks-for-a-reset', { email }),
    ask('/auth/login', 'logs-in-meanwhile', { email, password: 'wrong' }),
  ]);
  const reset = app.started.find(({ flow }) => flow === 'passwordReset');
  expect(reset?.workflowId).toMatch(/^password-reset-/);
  expect(line('asks-for-a-reset')?.['workflow_id']).toBe(reset?.workflowId);
  expect(line('logs-in-meanwhile')).toBeDefined();
  expect(line('logs-in-meanwhile')).not.toHaveProperty('workflow_id');
});
