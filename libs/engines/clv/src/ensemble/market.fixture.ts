import { SeededRandom, type Random } from '@kiki/kernel';
import type { CustomerPurchases } from '../purchase-log.js';

/** A made-up market: who comes when, and how busy the market is on a day. */
export interface Market {
  readonly customers: number;
  readonly days: number;
  readonly seed: number;
  /** Customers come within these first days. */
  readonly arrivalDays: number;
  /** How much busier than usual the market is on a day, above 0 and up to 2. */
  readonly pace?: (day: number) => number;
}

/** Pareto/NBD customers by thinning: gamma rates of mean one in 25 days, gamma lives of mean about 300 days. */
export function simulateMarket(market: Market): CustomerPurchases[] {
  const random = new SeededRandom(market.seed);
  return Array.from({ length: market.customers }, (_, i) => ({
    customerId: `c${String(i).padStart(5, '0')}`,
    days: purchaseDays(market, random),
  }));
}

function purchaseDays({ days, arrivalDays, pace = () => 1 }: Market, random: Random): number[] {
  const first = random.nextInt(arrivalDays);
  const rate = (exponential(random) + exponential(random)) / 2 / 25;
  const until = Math.min(days, first + (300 * exponential(random)) / (0.5 + exponential(random)));
  const bought = new Set([first]);
  for (let day = first; ;) {
    day += exponential(random) / (2 * rate);
    if (day >= until) break;
    if (random.nextDouble() < pace(Math.floor(day)) / 2) bought.add(Math.floor(day));
  }
  return [...bought].sort((a, b) => a - b);
}

function exponential(random: Random): number {
  return -Math.log1p(-random.nextDouble());
}
