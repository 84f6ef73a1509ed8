import fc from 'fast-check';
import { testSeed } from '../libs/platform/testing/src/test-seed.ts';

// The gate is deterministic; KIKI_TEST_SEED=random explores.
fc.configureGlobal({ seed: testSeed() });
