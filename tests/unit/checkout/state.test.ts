import { isDecided, statusOf, type CheckoutState } from '../../../src/domain/checkout/index.js';
import { attemptKey, settledOutcome, type Attempt } from '../../../src/domain/payments/index.js';

const attempt = (change: Partial<Attempt>): Attempt => ({
  id: 'a',
  checkoutId: 'c',
  step: 'authorise',
  number: 1,
  key: 'c:authorise:1',
  state: 'settled',
  outcome: null,
  reason: null,
  intentId: 'pi',
  chargeId: null,
  authorisedUntil: null,
  begunAt: '2026-01-01T00:00:00Z',
  ...change,
});

test.each<[CheckoutState, string, boolean]>([
  ['accepted', 'reserving', false],
  ['reserving', 'reserving', false],
  ['authorising', 'authorising', false],
  ['requires_action', 'requires_action', false],
  ['placing', 'placing', false],
  ['placed', 'placed', true],
  ['failed', 'failed', true],
  ['cancelled', 'cancelled', true],
  ['expired', 'expired', true],
])('a checkout that is %s shows as %s; decided: %s', (state, status, decided) => {
  expect([statusOf(state), isDecided(state)]).toEqual([status, decided]);
});

test('a key of the provider is one for checkout, step and attempt', () => {
  const keys = ['c1', 'c2'].flatMap((id) => [
    attemptKey(id, 'authorise', 1),
    attemptKey(id, 'authorise', 2),
    attemptKey(id, 'capture', 1),
  ]);
  expect(new Set(keys).size).toBe(6);
});

test.each<[string, Partial<Attempt>, object | null]>([
  ['authorised', { authorisedUntil: 'then' }, { kind: 'authorised', intentId: 'pi', expiresAt: 'then' }],
  ['captured', { chargeId: 'ch' }, { kind: 'captured', intentId: 'pi', chargeId: 'ch' }],
  ['due', {}, { kind: 'due', intentId: 'pi' }],
  ['declined', { reason: 'expired_card' }, { kind: 'declined', reason: 'expired_card', intentId: 'pi' }],
  ['declined', { intentId: null }, { kind: 'declined', reason: 'declined', intentId: null }],
  // The provider is asked again.
  ['authorised', {}, null],
  ['captured', {}, null],
  ['due', { intentId: null }, null],
  ['voided', {}, null],
  ['needs_customer', { state: 'begun' }, null],
  ['authorised', { state: 'begun', authorisedUntil: 'then' }, null],
])('settledOutcome, of an attempt that is %s with %j, is %j', (outcome, change, expected) => {
  expect(settledOutcome(attempt({ outcome, ...change }))).toEqual(expected);
});
