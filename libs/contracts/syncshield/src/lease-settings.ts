import { kernelErrors, type FieldProblem } from '@kiki/kernel';

/** How a lease client behaves; every field has a default. */
export interface LeaseSettings {
  /** A slice is this much time of the spend rate, milliseconds. @default 1500 */
  readonly horizonMs: number;
  /** The first slice of a budget asks for this much, and none for less. @default 100000 */
  readonly leastAskMicros: bigint;
  /** No slice asks for more. @default 2^53−1 */
  readonly mostAskMicros: bigint;
  /** Nothing is spent this long before a slice's time is over, milliseconds. @default 100 */
  readonly marginMs: number;
  /** Longest time between two reports of a slice that is being spent, milliseconds. @default 200 */
  readonly reportEveryMs: number;
  /** The journal is written ahead by the unreported part of a slice over this. @default 32 */
  readonly journalSteps: number;
  /** How often the client looks after its slices when nothing wakes it, milliseconds. @default 20 */
  readonly tickMs: number;
  /** Shortest and longest pause after a failed call or a denial, milliseconds. @default 50, 2000 */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** How long an ask that got no answer is repeated with the same id, milliseconds. @default 2000 */
  readonly askForMs: number;
  /** A budget that nobody spends from for so long asks for no more slices. @default 2000 */
  readonly idleMs: number;
  /** Most budgets in use at a time. @default 1024 */
  readonly maxBudgets: number;
  /** Longest time that `close` keeps reporting, milliseconds. @default 10000 */
  readonly closeForMs: number;
}

const DEFAULTS: LeaseSettings = {
  horizonMs: 1_500,
  leastAskMicros: 100_000n,
  mostAskMicros: 9_007_199_254_740_991n,
  marginMs: 100,
  reportEveryMs: 200,
  journalSteps: 32,
  tickMs: 20,
  backoffMs: 50,
  maxBackoffMs: 2_000,
  askForMs: 2_000,
  idleMs: 2_000,
  maxBudgets: 1_024,
  closeForMs: 10_000,
};

/** Completes settings. @throws invalid_request naming every field that is wrong */
export function completeSettings(settings: Partial<LeaseSettings>): LeaseSettings {
  const given = Object.entries(settings).filter(([, value]) => value !== undefined);
  const all: LeaseSettings = { ...DEFAULTS, ...Object.fromEntries(given) };
  const { leastAskMicros, mostAskMicros, ...numbers } = all;
  const fields: FieldProblem[] = [];
  for (const [field, value] of Object.entries(numbers)) {
    const least = field === 'marginMs' ? 0 : 1;
    if (!Number.isSafeInteger(value) || value < least) {
      fields.push({ field, expected: `a whole number from ${least}` });
    }
  }
  if (leastAskMicros < 1n || leastAskMicros > mostAskMicros) {
    fields.push({ field: 'leastAskMicros', expected: `from 1 to mostAskMicros` });
  }
  if (mostAskMicros > DEFAULTS.mostAskMicros) {
    fields.push({ field: 'mostAskMicros', expected: `at most ${DEFAULTS.mostAskMicros}` });
  }
  if (fields.length > 0) throw kernelErrors.invalid_request(undefined, { fields });
  return all;
}
