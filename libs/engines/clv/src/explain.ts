import type { ValuedCustomer, ValueModel, ValueOptions } from './value.js';

/** The statistics that a value is explained by. */
export const VALUE_FEATURES = ['recency', 'frequency', 'age', 'spend'] as const;

/** One of them. */
export type ValueFeature = (typeof VALUE_FEATURES)[number];

/** The average customer that others are compared with; times in the unit of the model. */
export interface AverageCustomer {
  readonly frequency: number;
  readonly recency: number;
  readonly age: number;
  readonly spendMeanMicros: number;
}

/** Why a value is what it is; everything unrounded, micros. */
export interface ValueExplanation {
  readonly valueMicros: number;
  /** Value of the average customer. */
  readonly populationMicros: number;
  /** In the order of VALUE_FEATURES; with the population's value they sum to the value. */
  readonly contributions: readonly {
    readonly feature: ValueFeature;
    readonly deltaMicros: number;
  }[];
}

const COUNT = VALUE_FEATURES.length;

/**
 * Exact Shapley values (Shapley 1953) over the four statistics: the mean, over all orders in which the
 * average customer's statistics are replaced by this one's, of what each replacement changes. All 2⁴ mixtures
 * are valued.
 */
export function explainValue(
  model: ValueModel,
  customer: ValuedCustomer,
  average: AverageCustomer,
  options: ValueOptions,
): ValueExplanation {
  const values = Array.from({ length: 1 << COUNT }, (_, members) =>
    members === (1 << COUNT) - 1
      ? model.valueOf(customer, options).valueMicros
      : model.valueOf(mixture(customer, average, members), options).valueMicros,
  );
  const valueMicros = values[(1 << COUNT) - 1] ?? NaN;
  const populationMicros = values[0] ?? NaN;
  const contributions = VALUE_FEATURES.map((feature, i) => ({
    feature,
    deltaMicros: shapley(values, i),
  }));
  return { valueMicros, populationMicros, contributions };
}

function shapley(values: readonly number[], feature: number): number {
  let sum = 0;
  for (let members = 0; members < values.length; members++) {
    if ((members & (1 << feature)) !== 0) continue;
    const gain = (values[members | (1 << feature)] ?? NaN) - (values[members] ?? NaN);
    sum += weightOf(bitCount(members)) * gain;
  }
  return sum;
}

/** |S|! (n − |S| − 1)! / n! */
function weightOf(size: number): number {
  return (factorial(size) * factorial(COUNT - size - 1)) / factorial(COUNT);
}

function factorial(n: number): number {
  return n <= 1 ? 1 : n * factorial(n - 1);
}

function bitCount(bits: number): number {
  return bits === 0 ? 0 : (bits & 1) + bitCount(bits >> 1);
}

/**
 * The average customer with some statistics replaced; kept possible: no recency without repeats, none above
 * the age.
 */
function mixture(
  customer: ValuedCustomer,
  average: AverageCustomer,
  members: number,
): ValuedCustomer {
  const own = (feature: ValueFeature): boolean =>
    (members & (1 << VALUE_FEATURES.indexOf(feature))) !== 0;
  const frequency = own('frequency') ? customer.frequency : average.frequency;
  const age = own('age') ? customer.age : average.age;
  const recency = own('recency') ? customer.recency : average.recency;
  return {
    frequency,
    age,
    recency: frequency === 0 ? 0 : Math.min(recency, age),
    spendMeanMicros: own('spend') ? customer.spendMeanMicros : average.spendMeanMicros,
  };
}
