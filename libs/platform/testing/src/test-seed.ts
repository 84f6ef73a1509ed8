import { randomInt } from 'node:crypto';

const DEFAULT_SEED = 20_261_124;

/**
 * The seed of everything random in a test run: fixed, so that a run can be repeated, unless
 * `KIKI_TEST_SEED` says another one, or `random`.
 */
export function testSeed(): number {
  const wanted = process.env['KIKI_TEST_SEED'];
  if (wanted === 'random') return randomInt(2 ** 31);
  return wanted === undefined ? DEFAULT_SEED : Number(wanted);
}
