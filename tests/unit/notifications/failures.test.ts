import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { refusing } from '../../../src/activities/failures.js';
import { DomainError } from '../../../src/domain/kernel/errors.js';

const ADDRESS = 'ada@example.com';

function failing(error: unknown) {
  const lines: string[] = [];
  const log = {
    warn: (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message })),
    error: (fields: object, message: string) => void lines.push(JSON.stringify({ ...fields, message })),
  };
  const { act } = refusing(
    { act: async (_id: string): Promise<string> => Promise.reject(error) },
    { log, outage: 'mail_unavailable' },
  );
  const failure = act('1').then(
    () => {
      throw new Error('it did not fail');
    },
    (reason: unknown) => reason as ApplicationFailure,
  );
  return { failure, lines };
}

const named = (name: string, message: string, extra: object = {}): Error =>
  Object.assign(new ({ [name]: class extends Error {} }[name] as new (message: string) => Error)(message), extra);

test('refusing, when an activity answers, passes arguments and answer through', async () => {
  const log = { warn: () => undefined, error: () => undefined };
  const { double } = refusing({ double: async (n: number) => n * 2 }, { log });
  await expect(double(21)).resolves.toBe(42);
});

test('refusing, when a rule refuses, gives a failure that is not retried, typed by its code, with ids only', async () => {
  const { failure, lines } = failing(
    new DomainError('out_of_stock', 'not enough stock', { variantId: 'v1' }, [{ field: 'email', message: ADDRESS }]),
  );
  const seen = await failure;
  expect(seen).toBeInstanceOf(ApplicationFailure);
  expect(seen).toMatchObject({ type: 'out_of_stock', nonRetryable: true, details: [{ variantId: 'v1' }] });
  expect(JSON.stringify(seen)).not.toContain(ADDRESS);
  expect(lines).toEqual([]);
});

test('refusing, when a refusal passes with time, lets the activity be retried', async () => {
  await expect(failing(new DomainError('temporarily_unavailable', 'later')).failure).resolves.toMatchObject({
    type: 'temporarily_unavailable',
    nonRetryable: false,
  });
});

test.each([
  [
    'a constraint is violated',
    named('UniqueConstraintViolationException', ADDRESS, { code: '23505', constraint: 'users_email' }),
    'database_error',
  ],
  ['the database shuts down', named('DriverException', ADDRESS, { code: '57P01' }), 'database_unavailable'],
  [
    'the database refuses connections',
    named('DriverException', ADDRESS, { code: 'ECONNREFUSED' }),
    'database_unavailable',
  ],
  ['the pool is exhausted', new Error('timeout exceeded when trying to connect'), 'database_unavailable'],
  ['the mail server is away', named('Error2', ADDRESS, { code: 'ESOCKET' }), 'mail_unavailable'],
  ['a provider cannot be reached', named('StripeConnectionError', ADDRESS), 'mail_unavailable'],
  [
    'fetch is refused',
    new TypeError(ADDRESS, { cause: named('Error3', '', { code: 'ECONNREFUSED' }) }),
    'mail_unavailable',
  ],
  ['our own code breaks', new TypeError(`no ${ADDRESS}`), 'internal'],
  ['something odd is thrown', ADDRESS, 'internal'],
])(
  'refusing, when %s, retries with a code and neither tells nor logs what the error said',
  async (_when, error, code) => {
    const { failure, lines } = failing(error);
    const seen = await failure;
    expect(seen).toMatchObject({ type: code, nonRetryable: false, message: `act: ${code}` });
    expect(`${JSON.stringify(seen)} ${seen.stack ?? ''} ${String(seen.cause)}`).not.toContain(ADDRESS);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain(code);
    expect(lines[0]).not.toContain(ADDRESS);
  },
);

test('refusing, when the activity is cancelled, passes the cancellation through', async () => {
  const cancelled = new CancelledFailure('CANCELLED');
  await expect(failing(cancelled).failure).resolves.toBe(cancelled);
});
