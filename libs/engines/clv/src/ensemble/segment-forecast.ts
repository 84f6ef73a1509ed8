import { rowOf, type CustomerTable } from '../statistics.js';
import type { ValueOptions } from '../value.js';
import type { SpendModel } from '../spend-model.js';
import { EnsembleDistribution } from './ensemble-distribution.js';
import type { Ensemble } from './ensemble.js';
import { addWeighted, ParameterSensitivity } from './parameter-sensitivity.js';
import { spendMoments, SpendSensitivity, type KnownSpend } from './spend-moments.js';
import { totalQuantiles } from './total-law.js';

/** Most segments at a time: each is a bit of a membership. */
export const MAX_SEGMENTS = 32;

/** A total and where its uncertainty comes from. */
export interface SegmentTotal {
  readonly expected: number;
  /** Relative standard deviations: customers' chance, parameters, the period as a whole. */
  readonly process: number;
  readonly parameters: number;
  readonly shock: number;
  /** In the order of the levels. */
  readonly quantiles: readonly number[];
}

/** What the customers of a segment do together within a horizon. */
export interface SegmentForecast {
  readonly customers: number;
  readonly purchases: SegmentTotal;
  /** Discounted margin, micros. */
  readonly spendMicros: SegmentTotal;
}

/** What expected purchases and spends are multiplied with, per customer. */
export interface Multipliers {
  readonly purchases: Float64Array;
  readonly spend: Float64Array;
}

/** Customers and the segments that they belong to. */
export interface Segmented {
  readonly table: CustomerTable;
  /** Per customer: bit s is set for those of segment s. */
  readonly memberships: Uint32Array;
  /** 1 to {@link MAX_SEGMENTS}. */
  readonly segments: number;
  /** Per customer: what is known beside their history, e.g. how they came. Absent: 1. */
  readonly multipliers?: Multipliers | undefined;
}

/** What is asked of the segments. */
export interface SegmentOptions extends ValueOptions {
  /** Quantiles, in (0, 1). */
  readonly levels: readonly number[];
  /** Told the share of the customers that are done, now and then. */
  readonly onShare?: (share: number) => void;
}

/**
 * Totals of purchases and of discounted margin: Σ of what is expected of each customer, with the variances of the
 * process (counts and spends of a customer, independent between customers), of both models' parameters (delta method)
 * and of the period's shock, which all customers share and which is learned from purchases. The process is a gamma, the
 * rest a log-Student.
 */
export function forecastSegments(
  ensemble: Ensemble,
  spend: SpendModel,
  { table, memberships, segments, multipliers }: Segmented,
  options: SegmentOptions,
): SegmentForecast[] {
  const basis = new Basis(ensemble, spend, table.customerIds.length, options);
  const sums = Array.from({ length: segments }, () => basis.newSum());
  let last: Outlook | undefined;
  for (const [done, i] of ordered(table).entries()) {
    if (done % SHARE_EVERY === 0) options.onShare?.(done / memberships.length);
    const bits = memberships[i] ?? 0;
    if (bits === 0) continue;
    const row = rowOf(table, i);
    if (last === undefined || !isAlike(last.row, row)) last = basis.outlook(row);
    const known = {
      ...{ frequency: row.frequency, spendMeanMicros: row.spendMeanMicros },
      ...{ busier: multipliers?.purchases[i] ?? 1, dearer: multipliers?.spend[i] ?? 1 },
    };
    for (let s = 0; s < segments; s++) {
      const sum = sums[s];
      if (sum !== undefined && ((bits >>> s) & 1) === 1) basis.add(sum, last, known);
    }
  }
  return sums.map((sum) => basis.forecastOf(sum));
}

const SHARE_EVERY = 1000;
/**
 * A period's spend per purchase is off by about 5 %, beside its number of purchases: half of what is thought of that
 * before anything is known. Models without a shock have none of either.
 */
const SPEND_SHOCK = 0.05;

/** Alike customers next to each other, whose forecast is computed once, and sums that no order of the table changes. */
function ordered({ frequency, recency, age, spendMeanMicros }: CustomerTable): Uint32Array {
  return Uint32Array.from(frequency, (_, i) => i).sort(
    (i, j) =>
      (frequency[i] ?? 0) - (frequency[j] ?? 0) ||
      (recency[i] ?? 0) - (recency[j] ?? 0) ||
      (age[i] ?? 0) - (age[j] ?? 0) ||
      (spendMeanMicros[i] ?? 0) - (spendMeanMicros[j] ?? 0),
  );
}

/** What the counts of customers with one (x, t_x, T) are. */
interface Outlook {
  readonly row: { readonly frequency: number; readonly recency: number; readonly age: number };
  readonly mean: number;
  readonly variance: number;
  /** Discounted over undiscounted purchases, times margin. */
  readonly factor: number;
  readonly sensitivity: Float64Array;
}

/** A customer's own multipliers of purchases and spend. */
interface Own {
  readonly busier: number;
  readonly dearer: number;
}

/** Sums over the customers of a segment. */
interface Sum {
  customers: number;
  purchases: number;
  purchaseVariance: number;
  spend: number;
  spendVariance: number;
  readonly purchaseSensitivity: Float64Array;
  /** The same weighted with the spend. */
  readonly valueSensitivity: Float64Array;
  readonly spendSensitivity: Float64Array;
}

/** What a total is put together from; deviations relative to it, the variance absolute. */
interface Parts extends Pick<SegmentTotal, 'expected' | 'parameters' | 'shock'> {
  readonly variance: number;
}

function isAlike(a: Outlook['row'], b: Outlook['row']): boolean {
  return a.frequency === b.frequency && a.recency === b.recency && a.age === b.age;
}

/** One horizon: models, options and how they are added up. */
class Basis {
  private readonly distribution: EnsembleDistribution;
  private readonly parameters: ParameterSensitivity;
  private readonly spendParameters: SpendSensitivity;

  constructor(
    private readonly ensemble: Ensemble,
    private readonly spend: SpendModel,
    private readonly customers: number,
    private readonly options: SegmentOptions,
  ) {
    this.distribution = new EnsembleDistribution(ensemble, options.horizonDays);
    this.parameters = new ParameterSensitivity(ensemble, options.horizonDays);
    this.spendParameters = new SpendSensitivity(spend);
  }

  newSum(): Sum {
    return {
      ...{ customers: 0, purchases: 0, purchaseVariance: 0, spend: 0, spendVariance: 0 },
      purchaseSensitivity: this.parameters.newSums(),
      valueSensitivity: this.parameters.newSums(),
      spendSensitivity: this.spendParameters.newSums(),
    };
  }

  outlook(row: Outlook['row']): Outlook {
    const { expectedPurchases, discountFactor } = this.ensemble.forecast(row, this.options);
    return {
      row,
      mean: expectedPurchases,
      variance: this.distribution.moments(row).variance,
      factor: discountFactor * this.options.margin,
      sensitivity: this.parameters.of(row),
    };
  }

  add(sum: Sum, outlook: Outlook, known: KnownSpend & Own): void {
    const money = spendMoments(this.spend, known, this.customers);
    const { busier, dearer } = known;
    const mean = busier * outlook.mean;
    // Of a mixed Poisson the mean is the part that grows with the rate, the rest with its square.
    const variance = busier ** 2 * (outlook.variance - outlook.mean) + mean;
    const factor = dearer * outlook.factor;
    const square = variance + mean * mean;
    sum.customers += 1;
    sum.purchases += mean;
    sum.purchaseVariance += variance;
    sum.spend += factor * mean * money.mean;
    sum.spendVariance +=
      factor ** 2 *
      (money.perPurchase * mean + money.perSquare * square - (money.mean * mean) ** 2);
    addWeighted(sum.purchaseSensitivity, outlook.sensitivity, busier);
    addWeighted(sum.valueSensitivity, outlook.sensitivity, busier * factor * money.mean);
    this.spendParameters.add(sum.spendSensitivity, known, factor * mean);
  }

  forecastOf(sum: Sum): SegmentForecast {
    const counts = this.parameters.deviation(sum.purchaseSensitivity);
    const values = Math.hypot(
      this.parameters.deviation(sum.valueSensitivity),
      this.spendParameters.deviation(sum.spendSensitivity),
    );
    const { scale } = this.ensemble.model.shock;
    const spendShock = scale > 0 ? Math.hypot(scale, SPEND_SHOCK) : 0;
    return {
      customers: sum.customers,
      purchases: this.totalOf({
        expected: sum.purchases,
        variance: sum.purchaseVariance,
        parameters: counts,
        shock: scale,
      }),
      spendMicros: this.totalOf({
        expected: sum.spend,
        variance: sum.spendVariance,
        parameters: values,
        shock: spendShock,
      }),
    };
  }

  private totalOf({ expected, variance, parameters, shock }: Parts): SegmentTotal {
    const { degreesOfFreedom } = this.ensemble.model.shock;
    const process = expected > 0 ? Math.sqrt(Math.max(0, variance)) / expected : 0;
    const shared = Math.hypot(parameters, shock);
    const spread = { process, shared, degreesOfFreedom };
    const quantiles = totalQuantiles(expected, spread, this.options.levels);
    return { expected, process, parameters, shock, quantiles };
  }
}
