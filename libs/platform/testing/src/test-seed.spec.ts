/** Goal: one seed for a whole run, or a clear refusal. Method: the variable itself, put back afterwards. */
import { afterEach, expect, it } from '@jest/globals';
import { testSeed } from './test-seed.js';

const before = process.env['KIKI_TEST_SEED'];

function seedAt(value: string): number {
  process.env['KIKI_TEST_SEED'] = value;
  return testSeed();
}

afterEach(() => {
  delete process.env['KIKI_TEST_SEED'];
  if (before !== undefined) process.env['KIKI_TEST_SEED'] = before;
});

it('is a fixed one unless the variable says another', () => {
  delete process.env['KIKI_TEST_SEED'];
  expect(testSeed()).toBe(20_261_124);
  expect(seedAt('0')).toBe(0);
  expect(seedAt('2147483647')).toBe(2_147_483_647);
});

it('is drawn once, however often it is asked for, and by whatever process that inherits it', () => {
  const drawn = seedAt('random');
  expect(process.env['KIKI_TEST_SEED']).toBe(String(drawn));
  expect([testSeed(), testSeed()]).toEqual([drawn, drawn]);
});

it.each(['', 'abc', '1.5', '-1', '1e3', '2147483648'])('is never "%s"', (value) => {
  expect(() => seedAt(value)).toThrow(/KIKI_TEST_SEED is ".*"; it takes an integer from 0 to/);
});
