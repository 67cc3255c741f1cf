import { isOutage } from '../../../src/api/outage.js';

const coded = (code: unknown, more: object = {}): Error => Object.assign(new Error('x'), { code, ...more });

test.each([
  ['a refused connection', coded('ECONNREFUSED')],
  ['one of several addresses refused', new AggregateError([coded('ECONNREFUSED')])],
  ['PostgreSQL going down', coded('57P01')],
  ['a lost connection of the pool', new Error('Connection terminated unexpectedly')],
  ['no free connection', new Error('timeout exceeded when trying to connect')],
  ['Temporal away, behind its service error', new Error('Failed', { cause: coded(14, { details: 'no connection' }) })],
])('isOutage, for %s, is true', (_, error) => expect(isOutage(error)).toBe(true));

test.each([
  ['a bug', new TypeError('x is not a function')],
  ['a broken constraint', coded('23505')],
  ['a bad statement', coded('42601')],
  ['a number that is no gRPC status', coded(14)],
  ['no error at all', 'ECONNREFUSED'],
])('isOutage, for %s, is false', (_, error) => expect(isOutage(error)).toBe(false));
