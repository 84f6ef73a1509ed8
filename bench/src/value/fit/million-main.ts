/**
 * A process of its own for the fit of many customers, so that its memory can be told: simulates BG/NBD, fits it and
 * sends {@link MillionResult}. Arguments: customers, `days` or `continuous`.
 */
import { fitPurchases, simulatePurchases, type CustomerTable } from '@kiki/clv';
import { SeededRandom } from '@kiki/kernel';

/** What the process measured. */
export interface MillionResult {
  readonly fitMs: number;
  /** Processor time of the fit, milliseconds, all threads. */
  readonly processorMs: number;
  /** Largest resident memory of the whole process, MiB. */
  readonly residentMiB: number;
  readonly truth: Readonly<Record<string, number>>;
  readonly parameters: Readonly<Record<string, number>>;
  readonly standardErrors: Readonly<Record<string, number>> | null;
}

/** CDNOW's optimum, 1/10 sample. */
const TRUTH = { r: 0.2426, alpha: 4.4136, a: 0.7929, b: 2.4259 };
const SEED = 20_261_125;

const customers = Number(process.argv[2]);
const table = simulatePurchases(
  { kind: 'bg_nbd', timeUnit: 'week', parameters: TRUTH },
  { customers, minAge: 27, maxAge: 39 },
  new SeededRandom(SEED),
);
if (process.argv[3] === 'days') toWholeDays(table);

const processor = process.cpuUsage();
const started = performance.now();
const { requested } = fitPurchases(table, 'bg_nbd');
const fitMs = performance.now() - started;
const { user, system } = process.cpuUsage(processor);
const result: MillionResult = {
  fitMs,
  processorMs: (user + system) / 1000,
  residentMiB: process.resourceUsage().maxRSS / 1024,
  truth: TRUTH,
  parameters: requested.parameters,
  standardErrors: requested.standardErrors,
};
process.send?.(result);

/** Times as an order log has them: counted in days. The first purchase's own day is day 0. */
function toWholeDays({ recency, age }: CustomerTable): void {
  for (const column of [recency, age]) {
    column.forEach((weeks, i) => (column[i] = Math.ceil(weeks * 7) / 7));
  }
}
