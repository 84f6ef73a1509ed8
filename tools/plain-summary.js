import { testSeed } from '../libs/platform/testing/src/test-seed.ts';

/**
 * Jest reporter: says the seed of the run, and ends it with one plain line, `N passed, N failed, N skipped`, that any
 * machine can read.
 */
export default class PlainSummary {
  onRunComplete(_contexts, results) {
    // A suite that cannot even load has no tests to count: it is one failure.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    process.stdout.write(`seed ${testSeed()}\n`);
    process.stdout.write(
      `${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped\n`,
    );
  }
}
