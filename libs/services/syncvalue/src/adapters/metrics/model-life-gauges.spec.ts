/**
 * Goal: what anybody may read names no tenant, and shows the worst of them all. Method: comparisons and refits of some
 * tenants on a registry of its own, read as Prometheus reads it.
 */
import { describe, expect, it } from '@jest/globals';
import { ServiceMetrics } from '@kiki/metrics';
import type { RefitEnd } from '../../application/refit-models.js';
import { RefitCounts, ShadowGauges } from './model-life-gauges.js';

const summary = (ratio: number, rankCorrelation: number | null, psi: number | null) => ({
  ...{ pairs: 200, championMeanMicros: 1e6, challengerMeanMicros: 1e6 * (1 + ratio) },
  ...{ meanDifferenceMicros: 1e6 * ratio, rankCorrelation, psi },
});

async function shadowLines(metrics: ServiceMetrics): Promise<string[]> {
  const text = await metrics.registry.metrics();
  return text.split('\n').filter((line) => line.startsWith('kiki_value_shadow'));
}

describe('ShadowGauges', () => {
  it('shows the farthest of all tenants, and names none', async () => {
    const metrics = new ServiceMetrics('value', '1');
    const gauges = new ShadowGauges(metrics);
    gauges.compared('acme', 200, summary(-0.5, 0.9, 0.05));
    gauges.compared('bolt', 100, summary(0.25, 0.5, 0.3));
    gauges.compared('coil', 7, summary(0, null, null));
    expect(await shadowLines(metrics)).toEqual([
      'kiki_value_shadow_pairs_total 307',
      'kiki_value_shadow_mean_difference_ratio -0.5',
      'kiki_value_shadow_rank_correlation 0.5',
      'kiki_value_shadow_psi 0.3',
    ]);
    expect(await metrics.registry.metrics()).not.toMatch(/acme|bolt|coil|tenant=/);
  });

  it('forgets tenants that have nothing to compare any more, and shows nothing of nobody', async () => {
    const metrics = new ServiceMetrics('value', '1');
    const gauges = new ShadowGauges(metrics);
    expect(await shadowLines(metrics)).toEqual(['kiki_value_shadow_pairs_total 0']);
    gauges.compared('acme', 200, summary(-0.5, 0.9, 0.05));
    gauges.compared('acme', 0, undefined);
    expect(await shadowLines(metrics)).toEqual(['kiki_value_shadow_pairs_total 200']);
  });
});

describe('RefitCounts', () => {
  it('counts tenants whose last refit failed by error code, until one succeeds', () => {
    const counts = new RefitCounts(new ServiceMetrics('value', '1'));
    const failed = (errorCode: string): RefitEnd => ({
      ...{ outcome: 'failed', version: undefined, errorCode, errorMessage: '' },
    });
    counts.ended('acme', failed('fit_failed'));
    counts.ended('bolt', failed('fit_failed'));
    counts.ended('coil', failed('no_transactions'));
    expect(counts.failures).toEqual({ fit_failed: 2, no_transactions: 1 });
    counts.ended('bolt', { ...failed(''), outcome: 'challenger' });
    expect(counts.failures).toEqual({ fit_failed: 1, no_transactions: 1 });
  });
});
