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

/**
 * Shows how challengers compare with champions: the farthest of all tenants, each by its newest comparison of this
 * process. Nothing names a tenant, because the page is public.
 */
export class ShadowGauges extends ShadowObserver {
  private readonly newest = new Map<string, ShadowSummary>();
  private readonly pairs;
  private readonly difference;
  private readonly correlation;
  private readonly psi;

  constructor(metrics: Metrics) {
    super();
    this.pairs = metrics.counter({
      name: 'shadow_pairs_total',
      help: 'Predictions that champion and challenger both made.',
    });
    this.difference = metrics.gauge({
      name: 'shadow_mean_difference_ratio',
      help: 'Mean of challenger − champion over the mean of the champion, the farthest from 0 of all tenants.',
    });
    this.correlation = metrics.gauge({
      name: 'shadow_rank_correlation',
      help: 'Spearman’s correlation of challenger and champion, the lowest of all tenants.',
    });
    this.psi = metrics.gauge({
      name: 'shadow_psi',
      help: 'Stability index of the challenger’s values over the champion’s deciles, the highest of all tenants.',
    });
    this.show();
  }

  override compared(tenant: string, pairs: number, summary: ShadowSummary | undefined): void {
    this.pairs.inc(pairs);
    if (summary === undefined) this.newest.delete(tenant);
    else this.newest.set(tenant, summary);
    this.show();
  }

  private show(): void {
    const all = [...this.newest.values()];
    const ratios = all.map((one) => one.meanDifferenceMicros / one.championMeanMicros);
    const farthest = ratios
      .filter(Number.isFinite)
      .sort((a, b) => Math.abs(b) - Math.abs(a))
      .slice(0, 1);
    const known = (values: readonly (number | null)[]): number[] =>
      values.filter((value) => value !== null).sort((a, b) => a - b);
    put(this.difference, farthest[0]);
    put(this.correlation, known(all.map((one) => one.rankCorrelation))[0]);
    put(this.psi, known(all.map((one) => one.psi)).at(-1));
  }
}

/** A gauge of which nothing is known has no series. */
function put(gauge: ReturnType<Metrics['gauge']>, value: number | undefined): void {
  if (value === undefined) gauge.remove();
  else gauge.set(value);
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

  /** How many tenants' last refit by this process failed, by error code; the tenants are nobody else's business. */
  get failures(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const { errorCode = 'unknown' } of this.broken.values()) {
      counts[errorCode] = (counts[errorCode] ?? 0) + 1;
    }
    return counts;
  }

  override ended(tenant: string, end: RefitEnd): void {
    this.refits.inc({ outcome: end.outcome });
    if (end.outcome === 'failed') this.broken.set(tenant, end);
    else this.broken.delete(tenant);
  }
}
