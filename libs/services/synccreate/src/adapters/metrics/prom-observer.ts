import type { Metrics } from '@kiki/metrics';
import type { Counter, Histogram } from 'prom-client';
import { Observer } from '../../application/observer.js';

/**
 * `kiki_synccreate_creatives_total`, `_creative_duration_seconds`, `_jobs_ended_total`,
 * `_budget_decisions_total`.
 */
export class PromObserver extends Observer {
  private readonly creatives: Counter<'strategy' | 'platform' | 'verdict'>;
  private readonly durations: Histogram<'platform'>;
  private readonly jobs: Counter<'kind' | 'status'>;
  private readonly decisions: Counter<'decision'>;

  constructor(metrics: Metrics) {
    super();
    this.creatives = metrics.counter({
      name: 'creatives_total',
      help: 'Creatives made, by whether their checks passed.',
      labelNames: ['strategy', 'platform', 'verdict'],
    });
    this.durations = metrics.histogram({
      name: 'creative_duration_seconds',
      help: 'Time to draw, store and check one creative.',
      labelNames: ['platform'],
      buckets: [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10],
    });
    this.jobs = metrics.counter({
      name: 'jobs_ended_total',
      help: 'Jobs that ended, by how.',
      labelNames: ['kind', 'status'],
    });
    this.decisions = metrics.counter({
      name: 'budget_decisions_total',
      help: 'Answers to the question whether a request may be paid.',
      labelNames: ['decision'],
    });
  }

  override creativeMade({
    strategy,
    platform,
    isPassed,
    seconds,
  }: Parameters<Observer['creativeMade']>[0]): void {
    this.creatives.inc({ strategy, platform, verdict: isPassed ? 'passed' : 'failed' });
    this.durations.observe({ platform }, seconds);
  }

  override jobEnded(...[kind, status]: Parameters<Observer['jobEnded']>): void {
    this.jobs.inc({ kind, status });
  }

  override holdDecided(decision: Parameters<Observer['holdDecided']>[0]): void {
    this.decisions.inc({ decision });
  }
}
