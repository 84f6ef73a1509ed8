/** Jest reporter: ends the run with one plain line, `N passed, N failed, N skipped`, that any machine can read. */
export default class PlainSummary {
  onRunComplete(_contexts, results) {
    // A suite that cannot even load has no tests to count: it is one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    process.stdout.write(
      `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`,
    );
  }
}
