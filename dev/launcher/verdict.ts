/** What jest writes with --json, as far as it is read here. */
export interface JestResults {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Files that could not even be loaded. */
  readonly numRuntimeErrorTestSuites: number;
  readonly success: boolean;
}

/** "12 passed, 0 failed", and how many were skipped when some were. */
export function summarise(results: JestResults, code: number): string {
  const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
  const skipped = results.numPendingTests + results.numTodoTests;
  // A run that failed for another reason (coverage, no tests found) is not "0 failed".
  const shown = code === 0 ? failed : Math.max(1, failed);
  return `${results.numPassedTests} passed, ${shown} failed${skipped === 0 ? '' : `, ${skipped} skipped`}`;
}
