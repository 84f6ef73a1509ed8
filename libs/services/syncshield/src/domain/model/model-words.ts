import type { DomainError, Result } from '@kiki/kernel';
import type { Entry } from '../entry.js';
import type { Hold } from '../hold.js';
import type { SettlementResult } from '../settlement.js';
import type { ReferenceOutcome } from './reference-command.js';

/** The ledger answered or counted something else than the reference. */
export class Disagreement extends Error {
  constructor(
    readonly what: string,
    readonly ledger: unknown,
    readonly reference: unknown,
  ) {
    super(`${what}: the ledger says ${text(ledger)}, the reference ${text(reference)}`);
    this.name = 'Disagreement';
  }
}

/** A result in the words of the reference. */
export function outcomeOf<T>(
  result: Result<T, DomainError>,
  of: (value: T) => ReferenceOutcome,
): ReferenceOutcome {
  return result.ok ? of(result.value) : { is: 'error', code: result.error.code };
}

/** A decision in the words of the reference. */
export function holdOutcome({ reason, amountMicros, denial }: Hold): ReferenceOutcome {
  const { budgetId, capId } = denial ?? {};
  const by = {
    ...(budgetId === undefined ? {} : { budgetId }),
    ...(capId === undefined ? {} : { capId }),
  };
  return { is: 'hold', reason, grantedMicros: amountMicros, ...by };
}

/** A settlement in the words of the reference. */
export function settlementOutcome({ settlement, hold }: SettlementResult): ReferenceOutcome {
  const { outcome, capturedMicros, lateMicros, refundedMicros } = settlement;
  const amounts = { outcome, capturedMicros, lateMicros, refundedMicros };
  return { is: 'settlement', ...amounts, state: hold.state };
}

/** An entry in the words of the reference. */
export function entryOutcome({ overMicros, isPausing }: Entry): ReferenceOutcome {
  return { is: 'entry', overMicros, isPausing };
}

/** As text, whatever the order of its members. */
export function text(value: unknown): string {
  const names = (member: object): [string, unknown][] => Object.entries(member);
  return JSON.stringify(value, (_key, member: unknown) => {
    if (typeof member === 'bigint') return `${member}`;
    if (typeof member !== 'object' || member === null || Array.isArray(member)) return member;
    return Object.fromEntries(names(member).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
