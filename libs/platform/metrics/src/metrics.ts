import type { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { DurationHistogram } from './durations.js';

/** What every metric declares; `name` is given without the prefix. */
export interface MetricOptions<L extends string = string> {
  /** Thing and unit, e.g. `holds_total` or `hold_duration_seconds`; the service's `kiki_<service>_` is put in front. */
  readonly name: string;
  readonly help: string;
  readonly labelNames?: readonly L[];
}

/** Metrics of one service, on a registry that no other service sees. Asking twice for a name gives the same metric. */
export abstract class Metrics {
  abstract readonly registry: Registry;
  abstract counter<L extends string>(options: MetricOptions<L>): Counter<L>;
  /** `collect` is called before each page, to set what costs too much to keep up at every step. */
  abstract gauge<L extends string>(
    options: MetricOptions<L> & { readonly collect?: (gauge: Gauge<L>) => void },
  ): Gauge<L>;
  abstract histogram<L extends string>(
    options: MetricOptions<L> & { readonly buckets?: readonly number[] },
  ): Histogram<L>;
  /** For what happens with every request: {@link DurationHistogram} with the platform's buckets. */
  abstract durations(options: Required<MetricOptions>): DurationHistogram;
}
