/** What jest writes with --json, as far as it is read here. */
export interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
  readonly testResults: readonly JestFile[];
}

interface JestFile {
  /** Its full path. */
  readonly name: string;
  readonly status: string;
  readonly assertionResults: readonly { readonly status: string }[];
}

/** The test files that did not pass. */
export const failedFiles = ({ testResults }: JestResults): string[] =>
  testResults.filter(({ status }) => status === 'failed').map(({ name }) => name);

/** The results of all, with those of the files that ran a second time in the place of their first ones. */
export function replaced(first: JestResults, second: JestResults): JestResults {
  const ran = new Set(second.testResults.map(({ name }) => name));
  const testResults = [...first.testResults.filter(({ name }) => !ran.has(name)), ...second.testResults];
  const count = (...statuses: string[]): number =>
    testResults.flatMap((file) => file.assertionResults).filter(({ status }) => statuses.includes(status)).length;
  return {
    numPassedTests: count('passed'),
    numFailedTests: count('failed'),
    numPendingTests: count('pending', 'skipped', 'disabled'),
    numTodoTests: count('todo'),
    numRuntimeErrorTestSuites: testResults.filter(
      ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
    ).length,
    success: testResults.every(({ status }) => status !== 'failed'),
    testResults,
  };
}

/** "12 passed, 0 failed", and how many were skipped when some were. */
export function summarise(results: JestResults, code: number): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  // A run that failed for another reason (coverage, no tests found) is not "0 failed".
  const shown = code === 0 ? failed : Math.max(1, failed);
  return `${results.numPassedTests} passed, ${shown} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
