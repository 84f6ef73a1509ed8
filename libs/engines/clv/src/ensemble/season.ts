import type { PurchaseLog } from '../purchase-log.js';
import { DAYS_PER_UNIT, type TimeUnit } from '../time-unit.js';
import { expectations, geometricBlend } from './blend.js';
import type { Member } from './member.js';
import { evenTempo, OperationalTime } from './operational-time.js';
import { weightedRows } from './timed-rows.js';

/** What a year of tracking tells of the level and of the parts of the year; plain data. */
export interface Season {
  /** Actual over expected purchases of the last year. */
  readonly level: number;
  /** Of each bin of 28 days since the end of the log, relative to the year's level: the last bin ends there. */
  readonly index: readonly number[];
}

/** No year, no season: what happened in a part of a year may be a shock. */
export const NO_SEASON: Season = { level: 1, index: [] };

const BIN_DAYS = 28;
const BINS = 13;
/** 52 weeks: a year that keeps the days of the week. */
export const YEAR_DAYS = BIN_DAYS * BINS;
const MAX_YEARS = 3;
/** From here on parts of the year are not told apart: each is another point on everybody's path. */
const FAR_DAYS = 5 * YEAR_DAYS;
/** Prior standard deviations, 10 % of the level and 12 % of a bin, as counts of purchases at ratio 1. */
const LEVEL_PRIOR = 1 / 0.1 ** 2;
const BIN_PRIOR = 1 / 0.12 ** 2;

/** What season and level are read off. */
export interface Tracking {
  readonly anchors: readonly Member[];
  readonly weights: readonly number[];
  readonly timeUnit: TimeUnit;
  /** Days of history that must lie before the tracked years. */
  readonly burnInDays: number;
}

/**
 * Walks the fitted calendar models through the last one to three years, four weeks at a time, each window forecast
 * from the statistics at its start. The level is Σ actual / Σ expected of the last year, the index the same per
 * part of the year over all years, both shrunk to 1; of n years n/(n+1) of the index is taken to repeat and the rest
 * to have been shocks (equal variances). With less than a year: {@link NO_SEASON}.
 */
export function learnSeason(log: PurchaseLog, tracking: Tracking): Season {
  const years = Math.min(MAX_YEARS, Math.floor((log.spanDays - tracking.burnInDays) / YEAR_DAYS));
  if (years < 1) return NO_SEASON;
  const [actual, expected] = [new Float64Array(years * BINS), new Float64Array(years * BINS)];
  for (let bin = 0; bin < years * BINS; bin++) {
    const from = log.endDay - (years * BINS - bin) * BIN_DAYS;
    actual[bin] = sum(log.purchasesWithin(from, from + BIN_DAYS));
    expected[bin] = expectedWithin(log.upTo(from), tracking);
  }
  const lastYear = [actual, expected].map((column) => sum(column.subarray(-BINS)));
  const level = ((lastYear[0] ?? 0) + LEVEL_PRIOR) / ((lastYear[1] ?? 0) + LEVEL_PRIOR);
  const overall = sum(actual) / sum(expected);
  const ofPart = (column: Float64Array, part: number): number =>
    sum(column.filter((_value, bin) => bin % BINS === part));
  const raw = Array.from({ length: BINS }, (_, part) => {
    const [a, e] = [ofPart(actual, part), ofPart(expected, part) * overall];
    return ((a + BIN_PRIOR) / (e + BIN_PRIOR)) ** (years / (years + 1));
  });
  // What is expected of a whole year stays what it was.
  const mean = raw.reduce((area, ratio, part) => area + ratio * ofPart(expected, part), 0);
  const index = raw.map((ratio) => (ratio * sum(expected)) / mean);
  return { level, index };
}

function expectedWithin(past: PurchaseLog, { anchors, weights, timeUnit }: Tracking): number {
  const time = new OperationalTime(evenTempo(past.endDay, past.endDay, BIN_DAYS));
  const totals = anchors.map(() => 0);
  for (const { calendar, customers } of weightedRows(past, time, timeUnit)) {
    const each = expectations(anchors, calendar, BIN_DAYS / DAYS_PER_UNIT[timeUnit]);
    each.forEach((value, k) => (totals[k] = (totals[k] ?? 0) + customers * value));
  }
  return past.customerIds.length === 0 ? 0 : geometricBlend(totals, weights);
}

/** Days from `fromDay` at which the index changes, before `days` ahead. */
export function seasonChanges({ index }: Season, fromDay: number, days: number): number[] {
  if (index.length === 0) return [];
  const changes: number[] = [];
  const end = Math.min(fromDay + days, FAR_DAYS + 1);
  const first = (Math.floor(fromDay / BIN_DAYS) + 1) * BIN_DAYS;
  for (let day = first; day < end; day += BIN_DAYS) changes.push(day - fromDay);
  return changes;
}

/** Of the days around `day`, counted from the end of the log; that far away a whole year is what it was. */
export function seasonIndex({ index }: Season, day: number): number {
  if (day >= FAR_DAYS) return 1;
  const bin = Math.floor(day / BIN_DAYS);
  return index[((bin % BINS) + BINS) % BINS] ?? 1;
}

function sum(values: Float64Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
