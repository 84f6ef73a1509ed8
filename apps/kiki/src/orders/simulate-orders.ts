import { SeededRandom, type Random } from '@kiki/kernel';
import { beta, exponential, gamma } from './variates.js';

/** How a log is simulated. */
export interface SimulationOptions {
  readonly seed: number;
  /** @default 2500 */
  readonly customers?: number;
}

/** Buying by BG/NBD (Fader, Hardie and Lee 2005) in weeks, spending by Gamma-Gamma, in dollars. */
const TRUTH = { r: 0.35, alpha: 4.5, a: 0.8, b: 2.4, p: 6, q: 4, nu: 16 } as const;
const DAY_MS = 86_400_000;
const FIRST_DAY_MS = Date.UTC(2025, 0, 1);
const JOINING_DAYS = 84;
const SPAN_DAYS = 546;

/** Header of a simulated log. */
export const SIMULATED_HEADER = 'customer_id,date,amount';

/**
 * Rows of a made-up order log as CSV lines, in the order of the dates: a year and a half of a shop that does not exist.
 * Customers join in the first twelve weeks; the same seed gives the same log.
 */
export function simulateOrders({ seed, customers = 2_500 }: SimulationOptions): string[] {
  const random = new SeededRandom(seed);
  const rows: { readonly day: number; readonly text: string }[] = [];
  for (let index = 0; index < customers; index++) {
    const id = `S${String(index + 1).padStart(5, '0')}`;
    for (const { day, amount } of ordersOf(random)) {
      const date = new Date(FIRST_DAY_MS + day * DAY_MS).toISOString().slice(0, 10);
      rows.push({ day, text: `${id},${date},${amount.toFixed(2)}` });
    }
  }
  return rows.sort((a, b) => a.day - b.day).map(({ text }) => text);
}

function* ordersOf(random: Random): Generator<{ readonly day: number; readonly amount: number }> {
  const rate = gamma(random, TRUTH.r, TRUTH.alpha);
  const dropout = beta(random, TRUTH.a, TRUTH.b);
  const spendRate = gamma(random, TRUTH.q, TRUTH.nu);
  let at = random.nextInt(JOINING_DAYS);
  yield { day: at, amount: spend(random, spendRate) };
  for (;;) {
    if (random.nextDouble() < dropout) return;
    at += 7 * exponential(random, rate);
    if (at >= SPAN_DAYS) return;
    yield { day: Math.floor(at), amount: spend(random, spendRate) };
  }
}

function spend(random: Random, rate: number): number {
  return Math.max(0.01, gamma(random, TRUTH.p, rate));
}
