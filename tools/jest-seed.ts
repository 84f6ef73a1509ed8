import { fileURLToPath } from 'node:url';
import { testSeed } from '../libs/platform/testing/src/test-seed.ts';

/**
 * Jest's global setup, before the workers start and inherit what it sets: `KIKI_TEST_SEED=random` is drawn, and the
 * processes that suites start, the same few again and again, find their code compiled.
 */
export default function setUp(): void {
  testSeed();
  process.env['NODE_COMPILE_CACHE'] ??= fileURLToPath(
    new URL('../node_modules/.cache/kiki-compiled/', import.meta.url),
  );
}
