import type * as wire from '@kiki/contract-syncvalue';
import type { DriftReport } from '../../domain/drift.js';
import { WIRE_DRIFT } from './enums.js';

/** A drift report as the wire has it. */
export function driftAnswer(report: DriftReport): wire.DriftReport {
  return {
    modelVersion: report.version,
    computedAt: new Date(report.computedAtMs),
    asOf: report.asOf,
    features: report.features.map(({ feature, psi, level, fittedCount, currentCount }) => ({
      feature,
      psi,
      level: WIRE_DRIFT[level],
      fittedCount: BigInt(fittedCount),
      currentCount: BigInt(currentCount),
    })),
    level: WIRE_DRIFT[report.level],
    maxPsi: report.maxPsi,
  };
}
