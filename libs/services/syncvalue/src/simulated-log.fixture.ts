import type { Transaction } from '@kiki/contract-syncvalue';
import { SeededRandom } from '@kiki/kernel';
import { row } from './service.fixture.js';

/** Which customers of which log; days are counted from 2023-01-01. */
export interface SimulatedLog {
  readonly seed: number;
  readonly customers: number;
  readonly days: number;
  /** Nobody buys from this day on. @default days */
  readonly silentFrom?: number;
  /** Put before the number of a customer. @default 'c' */
  readonly prefix?: string;
  /** Mean amount. @default 20 */
  readonly amount?: number;
}

const START_MS = Date.UTC(2023, 0, 1, 12);
const DAY_MS = 86_400_000;

/** Customers who come all the time, buy at rates of their own and leave after any purchase with a chance of .15. */
export function simulatedLog(asked: SimulatedLog): Transaction[] {
  const { customers, days, silentFrom = days, prefix = 'c', amount = 20 } = asked;
  const random = new SeededRandom(asked.seed);
  const exponential = (): number => -Math.log(1 - random.nextDouble());
  return Array.from({ length: customers }, (_, i) => {
    const perDay = (exponential() + exponential()) / 60;
    const mean = amount * (0.5 + random.nextDouble());
    const rows: Transaction[] = [];
    for (let day = random.nextDouble() * days * 0.8; day < silentFrom;) {
      const date = new Date(START_MS + Math.floor(day) * DAY_MS).toISOString();
      const spent = Math.round(mean * (0.5 + random.nextDouble()) * 100) / 100;
      rows.push(row(`${prefix}${i}`, date, spent));
      if (random.nextDouble() < 0.15) break;
      day += exponential() / perDay;
    }
    return rows;
  }).flat();
}
