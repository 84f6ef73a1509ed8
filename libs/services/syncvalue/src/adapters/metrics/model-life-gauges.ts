import type { Metrics } from '@kiki/metrics';
import { RefitObserver, type RefitEnd } from '../../application/refit-models.js';
import { ShadowObserver } from '../../application/shadow.js';
import type { DriftReport } from '../../domain/drift.js';
import { FEATURES } from '../../domain/population-profile.js';
import type { ShadowSummary } from '../../domain/shadow-comparison.js';

/** Shows the drift of the populations. */
export class DriftGauges {
  private readonly psi;

  constructor(metrics: Metrics) {
    this.psi = metrics.gauge({
      name: 'drift_psi',
      help: 'Population stability index by feature, the highest of all tenants; .1 watch, .2 alarm.',
      labelNames: ['feature'],
    });
  }

  show(reports: readonly DriftReport[]): void {
    for (const feature of FEATURES) {
      const known = reports.flatMap(({ features }) =>
        features.filter((one) => one.feature === feature && one.level !== 'unknown'),
      );
      if (known.length > 0) this.psi.set({ feature }, Math.max(...known.map(({ psi }) => psi)));
    }
  }
}

/** Shows how challengers compare with champions. */
export class ShadowGauges extends ShadowObserver {
  private readonly pairs;
  private readonly difference;
  private readonly correlation;
  private readonly psi;

  constructor(metrics: Metrics) {
    super();
    const labelNames = ['tenant'];
    this.pairs = metrics.counter({
      name: 'shadow_pairs_total',
      help: 'Predictions that champion and challenger both made.',
      labelNames,
    });
    this.difference = metrics.gauge({
      name: 'shadow_mean_difference_ratio',
      help: 'Mean of challenger − champion over the mean of the champion.',
      labelNames,
    });
    this.correlation = metrics.gauge({
      name: 'shadow_rank_correlation',
      help: 'Spearman’s correlation of challenger and champion.',
      labelNames,
    });
    this.psi = metrics.gauge({
      name: 'shadow_psi',
      help: 'Stability index of the challenger’s values over the champion’s deciles.',
      labelNames,
    });
  }

  override compared(tenant: string, pairs: number, summary: ShadowSummary | undefined): void {
    this.pairs.inc({ tenant }, pairs);
    if (summary === undefined) return;
    const { championMeanMicros, meanDifferenceMicros, rankCorrelation, psi } = summary;
    if (championMeanMicros > 0) {
      this.difference.set({ tenant }, meanDifferenceMicros / championMeanMicros);
    }
    if (rankCorrelation !== null) this.correlation.set({ tenant }, rankCorrelation);
    if (psi !== null) this.psi.set({ tenant }, psi);
  }
}

/** Counts scheduled refits and remembers the failures that nobody has mended since. */
export class RefitCounts extends RefitObserver {
  private readonly refits;
  private readonly broken = new Map<string, RefitEnd>();

  constructor(metrics: Metrics) {
    super();
    this.refits = metrics.counter({
      name: 'refits_total',
      help: 'Scheduled refits by outcome: challenger, promoted, refused, failed.',
      labelNames: ['outcome'],
    });
  }

  /** Tenants whose last refit by this process failed, and why. */
  get failures(): Record<string, string> {
    return Object.fromEntries(
      [...this.broken].map(([tenant, { errorCode }]) => [tenant, errorCode ?? 'unknown']),
    );
  }

  override ended(tenant: string, end: RefitEnd): void {
    this.refits.inc({ outcome: end.outcome });
    if (end.outcome === 'failed') this.broken.set(tenant, end);
    else this.broken.delete(tenant);
  }
}
