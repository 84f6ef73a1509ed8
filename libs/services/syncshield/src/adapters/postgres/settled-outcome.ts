import { DomainError, type Clock } from '@kiki/kernel';
import { isConnectionError } from '@kiki/postgres';
import { errors } from '../../errors.js';

/** How long a lost answer is worth asking for again. */
export interface RepeatOptions {
  readonly clock: Clock;
  /** After a COMMIT whose answer was lost, milliseconds. */
  readonly unknownForMs: number;
}

const WAIT_MS = [10, 50, 100, 250, 500, 1_000] as const;
/**
 * Repetitions while nothing was decided yet: another process was faster with an id, or a
 * connection broke.
 */
const MAX_HARMLESS = 4;
const UNIQUE_VIOLATION = '23505';
const CHECK_VIOLATION = '23514';

/**
 * Runs a transaction that may be repeated because its ids make it idempotent, until its outcome is
 * known.
 * @throws decision_unknown when COMMIT was sent and nobody can say what became of it;
 * ledger_inconsistent; what `run` throws
 */
export async function untilKnown<T>(run: () => Promise<T>, options: RepeatOptions): Promise<T> {
  const { clock, unknownForMs } = options;
  let unknownSinceMs: number | undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      if (codeOf(error) === 'commit_unknown') unknownSinceMs ??= clock.monotonicMs();
      const isUnknown = unknownSinceMs !== undefined;
      const isWorthIt = isUnknown
        ? isPassing(error) && clock.monotonicMs() - (unknownSinceMs ?? 0) < unknownForMs
        : isPassing(error) && attempt < MAX_HARMLESS;
      if (!isWorthIt) throw isUnknown ? unknown(error) : inLedgerTerms(error);
      await clock.sleep(WAIT_MS[Math.min(attempt, WAIT_MS.length - 1)] ?? 1_000);
    }
  }
}

/** Whether the same transaction may go through when it is tried again. */
function isPassing(error: unknown): boolean {
  const code = codeOf(error);
  return (
    code === UNIQUE_VIOLATION ||
    code === 'commit_unknown' ||
    code === 'unavailable' ||
    code === 'serialization_failed' ||
    isConnectionError(error)
  );
}

function unknown(cause: unknown): DomainError {
  return errors.decision_unknown(undefined, { retryAfterMs: 1_000 }, { cause });
}

function inLedgerTerms(error: unknown): unknown {
  if (codeOf(error) !== CHECK_VIOLATION) return error;
  return errors.ledger_inconsistent(undefined, {}, { cause: error });
}

function codeOf(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
