import { MAX_SEGMENTS, type CustomerTable } from '@kiki/clv';
import type { FieldProblem } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { ValueTier } from './predictor.js';
import { quintile, quintileBounds } from './rfm.js';
import { isUsableId } from './transaction.js';

/** Whose purchases are added up: those who pass every filter that is not empty. */
export interface SegmentFilter {
  readonly name: string;
  readonly tiers: readonly ValueTier[];
  /** RFM scores, 1 to 5. */
  readonly recency: readonly number[];
  readonly frequency: readonly number[];
  readonly monetary: readonly number[];
  readonly customerIds: readonly string[];
}

/** Everybody. */
export const ALL_CUSTOMERS: SegmentFilter = {
  ...{ name: 'all', tiers: [], recency: [], frequency: [], monetary: [], customerIds: [] },
};

/** Most ids over all segments of a call. */
const MAX_IDS = 10_000;
const MAX_NAME = 100;
const MAX_HORIZONS = 12;

/** The customers that segments are made of, as they were at the end of the observation. */
export interface Population {
  readonly table: CustomerTable;
  /** Day of the last purchase. */
  readonly lastDay: ArrayLike<number>;
  readonly totalMicros: ArrayLike<number>;
}

/** Who belongs where. */
export interface Segmentation {
  /** Per customer: bit s is set for those of segment s. */
  readonly memberships: Uint32Array;
  /** Per segment: ids that nobody of the population has. */
  readonly unknown: readonly number[];
}

/** Checks what was asked for. @throws forecast_invalid naming every field at fault */
export function checkSegments(
  segments: readonly SegmentFilter[],
  horizons: readonly number[],
): void {
  const fields: FieldProblem[] = [];
  const require = (isValid: boolean, field: string, expected: string): void => {
    if (!isValid) fields.push({ field, expected });
  };
  require(segments.length <= MAX_SEGMENTS, 'segments', `up to ${MAX_SEGMENTS}`);
  require(horizons.length <= MAX_HORIZONS, 'horizon_days', `up to ${MAX_HORIZONS}`);
  const ids = segments.reduce((count, { customerIds }) => count + customerIds.length, 0);
  require(ids <= MAX_IDS, 'segments', `up to ${MAX_IDS} customer_ids in all`);
  const areScores = (scores: readonly number[]): boolean =>
    scores.every((score) => score >= 1 && score <= 5);
  segments.forEach(({ name, recency, frequency, monetary, customerIds }, i) => {
    const at = `segments[${i}]`;
    require(name.length <= MAX_NAME, `${at}.name`, `up to ${MAX_NAME} characters`);
    require(areScores(recency), `${at}.recency_scores`, '1 to 5');
    require(areScores(frequency), `${at}.frequency_scores`, '1 to 5');
    require(areScores(monetary), `${at}.monetary_scores`, '1 to 5');
    require(customerIds.every(isUsableId), `${at}.customer_ids`, 'ids as transactions have them');
  });
  if (fields.length > 0) throw errors.forecast_invalid(undefined, { fields });
}

/** Puts every customer into their segments. `tierOf` is asked only where a segment wants tiers. */
export function segmented(
  segments: readonly SegmentFilter[],
  population: Population,
  tierOf: (index: number) => ValueTier,
): Segmentation {
  const { customerIds } = population.table;
  const scoreOf = scorer(population, segments);
  const tests = segments.map((segment) => membership(segment, scoreOf));
  const wantsTiers = segments.some(({ tiers }) => tiers.length > 0);
  const listed = segments.map((segment) => new Set(segment.customerIds));
  const found = segments.map(() => 0);
  const memberships = new Uint32Array(customerIds.length);
  customerIds.forEach((id, i) => {
    const tier = wantsTiers ? tierOf(i) : undefined;
    tests.forEach((belongs, s) => {
      const ids = listed[s];
      if (ids?.has(id) === true) found[s] = (found[s] ?? 0) + 1;
      else if (ids !== undefined && ids.size > 0) return;
      if (belongs(i, tier)) memberships[i] = ((memberships[i] ?? 0) | (1 << s)) >>> 0;
    });
  });
  return { memberships, unknown: listed.map((ids, s) => ids.size - (found[s] ?? 0)) };
}

type Measure = 'recency' | 'frequency' | 'monetary';
const MEASURES = ['recency', 'frequency', 'monetary'] as const;

/** Whether a customer passes the filters, ids left aside. */
function membership(
  segment: SegmentFilter,
  scoreOf: (measure: Measure, index: number) => number,
): (index: number, tier: ValueTier | undefined) => boolean {
  const { tiers } = segment;
  const measures = MEASURES.filter((measure) => segment[measure].length > 0);
  return (index, tier) =>
    (tiers.length === 0 || (tier !== undefined && tiers.includes(tier))) &&
    measures.every((measure) => segment[measure].includes(scoreOf(measure, index)));
}

/** RFM scores among the population, see {@link RfmScores}; bounds are taken of what a segment filters by. */
function scorer(
  { table, lastDay, totalMicros }: Population,
  segments: readonly SegmentFilter[],
): (measure: Measure, index: number) => number {
  const values = { recency: lastDay, frequency: table.frequency, monetary: totalMicros };
  const bounds = Object.fromEntries(
    MEASURES.filter((measure) => segments.some((segment) => segment[measure].length > 0)).map(
      (measure) => [measure, quintileBounds(values[measure])],
    ),
  );
  return (measure, index) => quintile(values[measure][index] ?? 0, bounds[measure] ?? []);
}
