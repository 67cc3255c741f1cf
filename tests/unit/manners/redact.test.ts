import { createLog } from '../../../src/infra/log/json-log.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';

function logged(write: (log: ReturnType<typeof createLog>) => void): { text: string; line: Record<string, unknown> } {
  let text = '';
  write(createLog({ service: 'api', level: 'info', destination: { write: (line) => void (text += line) } }));
  return { text, line: JSON.parse(text) as Record<string, unknown> };
}

test('log, for a line with ids, puts them beside the message and the rest below context', () => {
  const { line } = logged((log) =>
    log.child({ request_id: 'r-1' }).info({ user_id: 'u-1', workflow_id: 'w-1', status: 200 }, 'request'),
  );
  expect(line).toEqual({
    level: 'info',
    timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    service: 'api',
    request_id: 'r-1',
    user_id: 'u-1',
    workflow_id: 'w-1',
    context: { status: 200 },
    message: 'request',
  });
});

test.each([
  ['by key', { password: 'hunter2', nested: { access_token: 'hunter2', list: [{ cookie: 'hunter2' }] } }],
  ['an address in a text', { note: 'mail to hunter2@example.com bounced' }],
  ['a bearer header in a text', { note: 'sent Bearer hunter2' }],
  ['a card number', { note: 'paid with 4242 4242 4242 4242' }],
  ['a phone number', { note: 'call +49 151 12345678' }],
])('log masks secrets and personal data: %s', (_, fields) => {
  const { text } = logged((log) => log.info(fields, 'line'));
  expect(text).toContain('[redacted]');
  expect(text).not.toMatch(/hunter2|4242 4242|12345678/);
});

test("log, for a driver's error, tells its class, code and frames but not its message", () => {
  const error = Object.assign(new Error("insert into users values ('ada@example.com', 'Ada') failed"), {
    code: '23505',
    constraint: 'users_email_unique',
  });
  const { text, line } = logged((log) => log.error({ error: new Error('outer', { cause: error }) }, 'failed'));
  expect(text).not.toMatch(/ada@|insert into/i);
  expect(line['context']).toMatchObject({ error: { code: '23505', constraint: 'users_email_unique' } });
});

test('log, for a refusal of ours, keeps its message', () => {
  const { line } = logged((log) => log.warn({ error: new DomainError('cart_empty', 'the cart is empty') }, 'refused'));
  expect(line['context']).toMatchObject({ error: { code: 'cart_empty', message: 'the cart is empty' } });
});

test('log masks addresses in the message itself', () => {
  expect(logged((log) => log.info({}, 'hello ada@example.com')).line['message']).toBe('hello [redacted]');
});

test('log leaves counts, flags and look-alikes of private names readable', () => {
  const fields = { discarded: 3, email_verified: true, cardNumber: 'x', status: 200 };
  expect(logged((log) => log.info(fields, 'line')).line['context']).toEqual({ ...fields, cardNumber: '[redacted]' });
});
