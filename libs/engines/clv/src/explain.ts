import type { AcquiredValues, AcquisitionPrior } from './cold-start/index.js';
import type { ValuedCustomer, ValueModel, ValueOptions } from './value.js';

/** The statistics that a value is explained by. */
export const VALUE_FEATURES = ['recency', 'frequency', 'age', 'spend'] as const;

/** One of them, or how the customer came. */
export type ValueFeature = (typeof VALUE_FEATURES)[number] | 'acquisition';

/** How a customer came, and how it counts. */
export interface ExplainedAcquisition {
  readonly values: AcquiredValues;
  readonly prior: AcquisitionPrior;
}

/** The average customer that others are compared with; times in the unit of the model. */
export interface AverageCustomer {
  readonly frequency: number;
  readonly recency: number;
  readonly age: number;
  readonly spendMeanMicros: number;
}

/** What is explained. */
export interface ExplainOptions extends ValueOptions {
  /** Undefined where how the customer came does not count. */
  readonly acquisition?: ExplainedAcquisition | undefined;
}

/** Why a value is what it is; everything unrounded, micros. */
export interface ValueExplanation {
  readonly valueMicros: number;
  /** Value of the average customer. */
  readonly populationMicros: number;
  /**
   * In the order of VALUE_FEATURES, then acquisition where it counts; with the population's value they sum to the
   * value.
   */
  readonly contributions: readonly {
    readonly feature: ValueFeature;
    readonly deltaMicros: number;
  }[];
}

/**
 * Exact Shapley values (Shapley 1953) over the four statistics: the mean, over all orders in which the
 * average customer's statistics are replaced by this one's, of what each replacement changes. All 2⁴ mixtures
 * are valued; how the customer came, where that counts, is a fifth thing that the average customer has not.
 */
export function explainValue(
  model: ValueModel,
  customer: ValuedCustomer,
  average: AverageCustomer,
  options: ExplainOptions,
): ValueExplanation {
  const { acquisition } = options;
  const features: readonly ValueFeature[] =
    acquisition === undefined ? VALUE_FEATURES : [...VALUE_FEATURES, 'acquisition'];
  const everything = (1 << features.length) - 1;
  const microsOf = (members: number): number => {
    const mixed =
      (members | ACQUISITION) === (everything | ACQUISITION)
        ? customer
        : mixture(customer, average, members);
    const value = model.valueOf(mixed, options);
    if (acquisition === undefined || (members & ACQUISITION) === 0) return value.valueMicros;
    const { values, prior } = acquisition;
    return values.of(value, mixed, prior, options.horizonDays).value.valueMicros;
  };
  const values = Array.from({ length: everything + 1 }, (_, members) => microsOf(members));
  return explanationOf(values, features);
}

/**
 * The 2⁴ mixtures of the average customer and this one, for whoever values them elsewhere and has
 * {@link explainMixtures} sum them up; the last one is the customer.
 */
export function mixturesOf(customer: ValuedCustomer, average: AverageCustomer): ValuedCustomer[] {
  const everything = ACQUISITION - 1;
  return Array.from({ length: ACQUISITION }, (_, members) =>
    members === everything ? customer : mixture(customer, average, members),
  );
}

/** The same as {@link explainValue} by the values of {@link mixturesOf} in their order, micros. */
export function explainMixtures(valuesMicros: readonly number[]): ValueExplanation {
  return explanationOf(valuesMicros, VALUE_FEATURES);
}

function explanationOf(
  values: readonly number[],
  features: readonly ValueFeature[],
): ValueExplanation {
  const contributions = features.map((feature, i) => ({
    feature,
    deltaMicros: shapley(values, i, features.length),
  }));
  return {
    valueMicros: values.at(-1) ?? NaN,
    populationMicros: values[0] ?? NaN,
    contributions,
  };
}

/** The bit of acquisition among the members of a mixture. */
const ACQUISITION = 1 << VALUE_FEATURES.length;

function shapley(values: readonly number[], feature: number, count: number): number {
  let sum = 0;
  for (let members = 0; members < values.length; members++) {
    if ((members & (1 << feature)) !== 0) continue;
    const gain = (values[members | (1 << feature)] ?? NaN) - (values[members] ?? NaN);
    sum += weightOf(bitCount(members), count) * gain;
  }
  return sum;
}

/** |S|! (n − |S| − 1)! / n! */
function weightOf(size: number, count: number): number {
  return (factorial(size) * factorial(count - size - 1)) / factorial(count);
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
  const own = (feature: (typeof VALUE_FEATURES)[number]): boolean =>
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
