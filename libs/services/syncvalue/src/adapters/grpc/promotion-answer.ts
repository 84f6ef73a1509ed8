import type * as wire from '@kiki/contract-syncvalue';
import { roundHalfEven } from '@kiki/kernel';
import type { ComparedModels } from '../../application/compare-shadow.js';
import type { LabelMove } from '../../application/models.js';
import type { RefitRun } from '../../application/refit-models.js';
import type { GateResult } from '../../domain/gates.js';
import { WIRE_LABEL, WIRE_MOVE, WIRE_REFIT } from './enums.js';

/** What a gate said. */
export function gateAnswer(result: GateResult): wire.GateResult {
  const { gate, isPassed, isApplicable, value, bound, requirement } = result;
  return { gate, isPassed, isApplicable, value, bound, requirement };
}

/** A recorded move. */
export function moveAnswer(move: LabelMove): wire.LabelMove {
  return {
    label: WIRE_LABEL[move.label],
    modelVersion: move.version,
    previousVersion: move.previousVersion ?? '',
    movedAt: new Date(move.movedAtMs),
    movedBy: move.by,
    kind: WIRE_MOVE[move.kind],
    reason: move.reason,
    isForced: move.isForced,
    gates: (move.gates ?? []).map(gateAnswer),
  };
}

/** A scheduled refit. */
export function refitAnswer(run: RefitRun): wire.RefitRun {
  return {
    startedAt: new Date(run.startedAtMs),
    endedAt: run.endedAtMs === undefined ? undefined : new Date(run.endedAtMs),
    outcome: WIRE_REFIT[run.outcome],
    modelVersion: run.version ?? '',
    errorCode: run.errorCode ?? '',
    errorMessage: run.errorMessage ?? '',
  };
}

/** Champion and challenger side by side. */
export function shadowAnswer(compared: ComparedModels): wire.ShadowComparison {
  const { summary, versions, sample, currency } = compared;
  return {
    championVersion: versions.champion,
    challengerVersion: versions.challenger,
    pairCount: BigInt(summary.pairs),
    championMeanMicros: roundHalfEven(summary.championMeanMicros),
    challengerMeanMicros: roundHalfEven(summary.challengerMeanMicros),
    meanDifferenceMicros: roundHalfEven(summary.meanDifferenceMicros),
    rankCorrelation: summary.rankCorrelation ?? undefined,
    psi: summary.psi ?? undefined,
    firstAt: new Date(sample.firstAtMs),
    lastAt: new Date(sample.lastAtMs),
    currency,
  };
}
