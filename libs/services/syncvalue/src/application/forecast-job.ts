import {
  Column,
  forecastSegments,
  netDays,
  rowOf,
  summarize,
  TableBuilder,
  type AcquisitionAttributes,
  type Multipliers,
  type SegmentForecast,
} from '@kiki/clv';
import { attributesAt } from '../domain/acquisition.js';
import type { OnProgress } from '../domain/fitting.js';
import type { FittedArtefact } from '../domain/model.js';
import { totalling } from '../domain/predictive.js';
import { Predictor } from '../domain/predictor.js';
import { segmented, type Population, type SegmentFilter } from '../domain/segments.js';
import type { LogScan, VisitDays } from './log-jobs.js';

/** A forecast of segments of a tenant's customers; structured-cloneable. */
export interface LogForecastJob {
  readonly tenant: string;
  /** Where the customers' statistics end, days since 1970-01-01. */
  readonly asOfDay: number;
  readonly artefact: FittedArtefact;
  readonly segments: readonly SegmentFilter[];
  readonly horizons: readonly number[];
  readonly annualDiscountRate: number;
  readonly margin: number;
  /** Quantiles, in (0, 1). */
  readonly levels: readonly number[];
}

/** A segment at all horizons. */
export interface ForecastSegment {
  readonly name: string;
  readonly customers: number;
  /** Ids without a purchase. */
  readonly unknown: number;
  /** In the order of the job's horizons. */
  readonly totals: readonly SegmentForecast[];
}

/** In the order of the job's segments. */
export type LogForecast = readonly ForecastSegment[];

const READING_SHARE = 0.3;
const TIERS_SHARE = 0.1;

/** Reads a log on one snapshot and forecasts its segments. @throws unavailable */
export async function forecastLog(
  scan: LogScan,
  job: LogForecastJob,
  onProgress: OnProgress,
): Promise<LogForecast> {
  const population = await readPopulation(scan, job, onProgress);
  onProgress('segments', READING_SHARE);
  const { table } = population;
  const standard = { ...job.artefact.standard, margin: 1 };
  const predictor = new Predictor(job.artefact, standard, job.asOfDay);
  const { acquired } = population;
  const tierOf = (index: number) => predictor.predict(rowOf(table, index), acquired[index]).tier;
  const { memberships, unknown } = segmented(job.segments, population, tierOf);
  const ensemble = totalling(job.artefact.ensemble ?? job.artefact.purchase, job.asOfDay);
  const multipliers = multipliersOf(predictor, population);
  const from = READING_SHARE + TIERS_SHARE;
  const byHorizon = job.horizons.map((horizonDays, h) => {
    const onShare = (share: number): void =>
      onProgress('forecasting', from + ((1 - from) * (h + share)) / job.horizons.length);
    const { annualDiscountRate, margin, levels } = job;
    const options = { horizonDays, annualDiscountRate, margin, levels, onShare };
    const segments = { table, memberships, segments: job.segments.length, multipliers };
    return forecastSegments(ensemble, job.artefact.spend, segments, options);
  });
  return job.segments.map(({ name }, s) => {
    const totals = byHorizon.flatMap((segments) => segments[s] ?? []);
    return { name, customers: totals[0]?.customers ?? 0, unknown: unknown[s] ?? 0, totals };
  });
}

/** What predictions make of how customers came; undefined where nobody's way is known. */
function multipliersOf(
  predictor: Predictor,
  { table, acquired }: AcquiredPopulation,
): Multipliers | undefined {
  if (acquired.every((attributes) => attributes === undefined)) return undefined;
  const applied = acquired.map(
    (attributes, i) => attributes && predictor.predict(rowOf(table, i), attributes).acquisition,
  );
  return {
    purchases: Float64Array.from(applied, (one) => one?.purchases ?? 1),
    spend: Float64Array.from(applied, (one) => one?.spend ?? 1),
  };
}

/** Customers, and how they came where that is known. */
interface AcquiredPopulation extends Population {
  readonly acquired: readonly (AcquisitionAttributes | undefined)[];
}

/** Everybody who had bought by the day, with what segments are told apart by. */
async function readPopulation(
  scan: LogScan,
  { tenant, asOfDay, artefact }: LogForecastJob,
  onProgress: OnProgress,
): Promise<AcquiredPopulation> {
  const builder = new TableBuilder(artefact.timeUnit);
  const [lastDay, totalMicros] = [new Column(), new Column()];
  const acquired: (AcquisitionAttributes | undefined)[] = [];
  const visit: VisitDays = (customerId, days, attributes) => {
    const history = summarize(netDays(days, asOfDay));
    if (history === undefined) return;
    builder.add(customerId, history, asOfDay);
    lastDay.push(history.lastDay);
    totalMicros.push(history.totalMicros);
    acquired.push(attributesAt(attributes, asOfDay));
  };
  onProgress('reading', 0);
  await scan({ tenant, endDay: asOfDay }, visit, (fraction) =>
    onProgress('reading', READING_SHARE * fraction),
  );
  return {
    ...{ table: builder.build(), acquired },
    ...{ lastDay: lastDay.values(), totalMicros: totalMicros.values() },
  };
}
