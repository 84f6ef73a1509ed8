import type { AverageCustomer, ValuedCustomer } from '@kiki/clv';
import type { OnnxDeclaration, OnnxFeature } from './onnx-declaration.js';

/** The input tensor of a graph: `rows` × the features, row by row. */
export interface OnnxInput {
  readonly rows: number;
  readonly data: Float32Array | Float64Array;
}

const MICROS = 1e6;

/** What a graph is asked about customers; their times, and those of `average`, are in days. */
export class OnnxInputs {
  constructor(
    private readonly declaration: OnnxDeclaration,
    private readonly average: AverageCustomer,
  ) {}

  /** One row a customer, for one horizon after another. */
  of(customers: readonly ValuedCustomer[], horizonsDays: readonly number[]): OnnxInput {
    const { features, inputType } = this.declaration;
    const rows = customers.length * horizonsDays.length;
    const length = rows * features.length;
    const data = inputType === 'float32' ? new Float32Array(length) : new Float64Array(length);
    let at = 0;
    for (const horizonDays of horizonsDays) {
      for (const customer of customers) {
        for (const feature of features) data[at++] = this.value(feature, customer, horizonDays);
      }
    }
    return { rows, data };
  }

  /** Mean spend in units of the currency; the population's where it is unknown, 0 without repeats. */
  private spendOf({ frequency, spendMeanMicros }: ValuedCustomer): number {
    if (frequency === 0) return 0;
    return (spendMeanMicros ?? this.average.spendMeanMicros) / MICROS;
  }

  private value(feature: OnnxFeature, customer: ValuedCustomer, horizonDays: number): number {
    const { frequency, recency, age } = customer;
    switch (feature) {
      case 'repeat_purchases':
        return frequency;
      case 'recency_days':
        return recency;
      case 'age_days':
        return age;
      case 'mean_repeat_spend':
        return this.spendOf(customer);
      case 'horizon_days':
        return horizonDays;
      case 'days_since_last_purchase':
        return age - recency;
      case 'mean_days_between_purchases':
        return frequency === 0 ? 0 : recency / frequency;
      case 'repeat_purchases_per_day':
        // Repeats fall on other days than the first purchase.
        return frequency / Math.max(1, age);
      case 'total_repeat_spend':
        return frequency * this.spendOf(customer);
      case 'population_repeat_purchases':
        return this.average.frequency;
      case 'population_mean_repeat_spend':
        return this.average.spendMeanMicros / MICROS;
    }
  }
}
