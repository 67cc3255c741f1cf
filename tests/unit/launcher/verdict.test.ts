import { summarise } from '../../../dev/launcher/verdict.js';

const results = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
};

test.each([
  ['all passed', {}, 0, '12 passed, 0 failed'],
  ['some failed', { numFailedTests: 2 }, 1, '12 passed, 2 failed'],
  ['some were skipped', { numPendingTests: 3, numTodoTests: 1 }, 0, '12 passed, 0 failed, 4 skipped'],
  ['a file could not be loaded', { numRuntimeErrorTestSuites: 1 }, 1, '12 passed, 1 failed'],
  ['jest failed for another reason', {}, 1, '12 passed, 1 failed'],
])('the verdict, when %s, says so', (_name, change, code, verdict) => {
  expect(summarise({ ...results, ...change }, code)).toBe(verdict);
});
