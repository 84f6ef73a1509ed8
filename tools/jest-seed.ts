import { testSeed } from '../libs/platform/testing/src/test-seed.ts';

/** Jest's global setup: `KIKI_TEST_SEED=random` is drawn here, before the workers start and inherit it. */
export default function drawSeed(): void {
  testSeed();
}
