import { stabilityIndex } from '@kiki/clv';
import type { ComparableCounts } from './population-counter.js';
import { FEATURES, type Feature, type PopulationProfile } from './population-profile.js';

/** What a stability index means; thresholds are the convention of credit scoring. */
export type DriftLevel = 'unknown' | 'stable' | 'watch' | 'alarm';

/** One quantity now and when the model was fitted. */
export interface FeatureDrift {
  readonly feature: Feature;
  readonly psi: number;
  readonly level: DriftLevel;
  /** Customers that were counted then and now. */
  readonly fittedCount: number;
  readonly currentCount: number;
}

/** All features of the current customers against those that a model was fitted to. */
export interface DriftReport {
  readonly version: string;
  readonly computedAtMs: number;
  readonly asOf: Date;
  readonly features: readonly FeatureDrift[];
  /** The highest of the features that {@link overallDrift} counts. */
  readonly level: DriftLevel;
  readonly maxPsi: number;
}

const WATCH = 0.1;
const ALARM = 0.2;
/** Below this many customers on either side chance alone reaches the thresholds. */
const MIN_CUSTOMERS = 100;
const ORDER: readonly DriftLevel[] = ['unknown', 'stable', 'watch', 'alarm'];

/** What an index of so many customers means. */
export function driftLevel(psi: number, customers: number): DriftLevel {
  if (customers < MIN_CUSTOMERS) return 'unknown';
  if (psi >= ALARM) return 'alarm';
  return psi >= WATCH ? 'watch' : 'stable';
}

/** The drift of every feature. @param countsNow in the profile's bins, at the profile's ages */
export function featureDrifts(
  profile: PopulationProfile,
  countsNow: (feature: Feature) => ComparableCounts,
): FeatureDrift[] {
  return FEATURES.map((feature) => {
    const then = profile[feature].counts;
    const { counts, customers: currentCount, effectiveCustomers } = countsNow(feature);
    const fittedCount = total(then);
    const psi = stabilityIndex(then, counts);
    const level = driftLevel(psi, Math.min(fittedCount, effectiveCustomers));
    return { feature, psi, level, fittedCount, currentCount };
  });
}

/**
 * Sums up: the highest level, and the highest index among the features that have one. Ages do not count: they tell how
 * customers come, not how they behave.
 */
export function overallDrift(
  features: readonly FeatureDrift[],
): Pick<DriftReport, 'level' | 'maxPsi'> {
  const known = features.filter(({ feature, level }) => feature !== 'age' && level !== 'unknown');
  const rank = Math.max(0, ...known.map(({ level }) => ORDER.indexOf(level)));
  return { level: ORDER[rank] ?? 'unknown', maxPsi: Math.max(0, ...known.map(({ psi }) => psi)) };
}

function total(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}
