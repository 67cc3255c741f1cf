import { failedFiles, replaced, summarise } from '../../../dev/launcher/verdict.js';

const results = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
  success: true,
  testResults: [],
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

const file = (name: string, ...statuses: string[]) => ({
  name,
  status: statuses.every((status) => status === 'passed') && statuses.length > 0 ? 'passed' : 'failed',
  assertionResults: statuses.map((status) => ({ status })),
});

test('a second run, of the files that failed, stands in the place of the first', () => {
  const first = { ...results, testResults: [file('a', 'passed'), file('b', 'passed', 'failed'), file('c')] };
  expect(failedFiles(first)).toEqual(['b', 'c']);

  const mended = replaced(first, { ...results, testResults: [file('b', 'passed', 'passed'), file('c', 'passed')] });
  expect(summarise(mended, 0)).toBe('4 passed, 0 failed');
  expect(mended.success).toBe(true);

  const still = replaced(first, { ...results, testResults: [file('b', 'passed', 'failed'), file('c')] });
  expect(summarise(still, 1)).toBe('2 passed, 2 failed');
  expect(still.success).toBe(false);
});
