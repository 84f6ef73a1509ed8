import {
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
  type Metric,
} from 'prom-client';
import { DurationHistogram } from './durations.js';
import { Metrics, type MetricOptions } from './metrics.js';

/** Seconds; from a cached answer to a slow model. */
export const DURATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;

/** The metrics of one service on a registry of its own, with the process's default metrics and build info. */
export class ServiceMetrics extends Metrics {
  override readonly registry = new Registry();
  private readonly prefix: string;

  constructor(service: string, version: string) {
    super();
    this.prefix = `kiki_${service}_`;
    collectDefaultMetrics({ register: this.registry, prefix: this.prefix });
    this.gauge({
      name: 'build_info',
      help: 'Always 1; the labels say what runs.',
      labelNames: ['version', 'node'],
    }).set({ version, node: process.versions.node }, 1);
  }

  override counter<L extends string>(options: MetricOptions<L>): Counter<L> {
    return this.once(options, (full) => new Counter<L>(full));
  }

  override gauge<L extends string>(
    options: MetricOptions<L> & { readonly collect?: (gauge: Gauge<L>) => void },
  ): Gauge<L> {
    const { collect } = options;
    return this.once(options, (full) => {
      if (collect === undefined) return new Gauge<L>(full);
      const gauge: Gauge<L> = new Gauge<L>({ ...full, collect: () => collect(gauge) });
      return gauge;
    });
  }

  override histogram<L extends string>(
    options: MetricOptions<L> & { readonly buckets?: readonly number[] },
  ): Histogram<L> {
    const buckets = [...(options.buckets ?? DURATION_BUCKETS_SECONDS)];
    return this.once(options, (full) => new Histogram<L>({ ...full, buckets }));
  }

  override durations(options: Required<MetricOptions>): DurationHistogram {
    return this.once(options, ({ name, help, labelNames }) => {
      const bounds = DURATION_BUCKETS_SECONDS;
      const histogram = new DurationHistogram(name, help, labelNames, bounds);
      // The registry calls no more of a metric than `name`, `get` and `reset`.
      this.registry.registerMetric(histogram as unknown as Metric);
      return histogram;
    });
  }

  private once<L extends string, M>(
    options: MetricOptions<L>,
    create: (full: { name: string; help: string; labelNames: L[]; registers: Registry[] }) => M,
  ): M {
    const name = `${this.prefix}${options.name}`;
    const known = this.registry.getSingleMetric(name);
    if (known !== undefined) return known as unknown as M;
    const labelNames = [...(options.labelNames ?? [])];
    return create({ name, help: options.help, labelNames, registers: [this.registry] });
  }
}
