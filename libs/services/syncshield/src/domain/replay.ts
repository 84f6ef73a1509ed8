import { kernelErrors, ok, refuse, type DomainError, type Result } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { Budget } from './budget.js';
import { isSameEntry, type Entry, type EntryRequest } from './entry.js';
import { firstAnswer, isSameRequest, type Hold, type HoldRequest } from './hold.js';
import {
  isSameSettlement,
  replayOf,
  type Settlement,
  type SettlementRequest,
  type SettlementResult,
} from './settlement.js';

/** A repeated hold: its first answer, or a conflict. */
export function replayHold(known: Hold, request: HoldRequest): Result<Hold, DomainError> {
  if (isSameRequest(known, request)) return ok(firstAnswer(known));
  return refuse(
    kernelErrors.idempotency_conflict(
      `Hold "${request.id}" was asked for before with another body.`,
      {
        fields: [{ field: 'id', expected: 'the first body of this id, or a new id' }],
      },
    ),
  );
}

/** A repeated settlement: its first answer, or a conflict. */
export function replaySettlement(
  known: Settlement,
  request: SettlementRequest,
  hold: Hold,
): Result<SettlementResult, DomainError> {
  if (isSameSettlement(known, request, hold)) return ok(replayOf(known, hold));
  return refuse(
    kernelErrors.idempotency_conflict(
      `Settlement "${request.settlementId}" of hold "${request.holdId}" was made before with another body.`,
      { fields: [{ field: 'settlementId', expected: 'the first body of this id, or a new id' }] },
    ),
  );
}

/** A repeated entry: its first answer, or a conflict. */
export function replayEntry(known: Entry, request: EntryRequest): Result<Entry, DomainError> {
  if (isSameEntry(known, request)) return ok(known);
  return refuse(
    kernelErrors.idempotency_conflict(
      `Entry "${request.entryId}" was made before with another body.`,
      { fields: [{ field: 'entryId', expected: 'the first body of this id, or a new id' }] },
    ),
  );
}

/** There is no such budget. */
export function unknownBudget(budgetId: string): DomainError {
  return errors.budget_not_found(`There is no budget "${budgetId}".`, {
    fields: [{ field: 'budgetId', expected: 'the id of an existing budget of this tenant' }],
  });
}

/** There is no such hold. */
export function unknownHold(holdId: string): DomainError {
  return errors.hold_not_found(`There is no hold "${holdId}".`, {
    fields: [{ field: 'holdId', expected: 'the id of an existing hold of this tenant' }],
  });
}

/** The hold is in another currency than its budget. */
export function wrongCurrency(budget: Budget, currency: string): DomainError {
  return kernelErrors.currency_mismatch(
    `Budget "${budget.id}" is in ${budget.currency}, not in ${currency}.`,
    { fields: [{ field: 'currency', expected: budget.currency }] },
  );
}
