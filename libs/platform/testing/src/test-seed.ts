import { randomInt } from 'node:crypto';

const DEFAULT_SEED = 20_261_124;
const SEEDS = 2 ** 31;

/**
 * The seed of everything random in a test run: fixed, so that a run can be repeated, unless `KIKI_TEST_SEED` says
 * another one, or `random`, which is drawn once and then stands there for all who ask later.
 */
export function testSeed(): number {
  const wanted = process.env['KIKI_TEST_SEED'];
  if (wanted === undefined) return DEFAULT_SEED;
  if (wanted !== 'random') return seedOf(wanted);
  const drawn = randomInt(SEEDS);
  process.env['KIKI_TEST_SEED'] = String(drawn);
  return drawn;
}

function seedOf(text: string): number {
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (seed < SEEDS) return seed;
  throw new Error(
    `KIKI_TEST_SEED is "${text}"; it takes an integer from 0 to ${SEEDS - 1}, or random.`,
  );
}
