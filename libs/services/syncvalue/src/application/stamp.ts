import type { LedgerTerms } from '../domain/ledger-terms.js';
import { labelsOf, type Labels, type ModelLabel } from '../domain/model.js';
import type { StoredModel } from './models.js';

/** Which model answered and how fresh it is. */
export interface Stamp {
  readonly model: StoredModel;
  readonly labels: readonly ModelLabel[];
  readonly ageSeconds: number;
  /** From the last day that the model saw to the newest transaction. */
  readonly unseenSeconds: number;
  readonly isStale: boolean;
}

const DAY_S = 86_400;

/** The stamp of an answer given at `nowMs`. */
export function stampOf(
  model: Stamp['model'],
  tenant: { readonly terms: LedgerTerms; readonly labels: Labels },
  nowMs: number,
  maxAgeDays: number,
): Stamp {
  const ageSeconds = Math.max(0, Math.floor((nowMs - model.createdAtMs) / 1000));
  const unseenDays = Math.max(0, tenant.terms.newestDay - model.artefact.calibrationDay);
  return {
    model,
    labels: labelsOf(tenant.labels, model.version),
    ageSeconds,
    unseenSeconds: unseenDays * DAY_S,
    isStale: ageSeconds > maxAgeDays * DAY_S,
  };
}
