import { fitPurchases } from '../purchase-fit.js';
import type { PurchaseLog } from '../purchase-log.js';
import { DAYS_PER_UNIT, type TimeUnit } from '../time-unit.js';
import { Member, memberOf, rounded } from './member.js';
import { evenTempo, OperationalTime, type Tempo } from './operational-time.js';

/** What is blended: one ranks best, the other is best calibrated on those who bought once. */
const KINDS = ['pareto_nbd', 'bg_nbd'] as const;
const BIN_DAYS = 28;
/** Longer logs get longer bins, and so do logs of rare purchases: at least half the median time between two. */
const MAX_BINS = 40;
/** Prior standard deviation of a bin's pace: 12 %. Its inverse square counts as that many purchases at pace 1. */
const PRIOR_PURCHASES = 1 / 0.12 ** 2;
/** Pace and dropout trade off along a ridge; two rounds take what helps and stay near calendar time. */
const ROUNDS = 2;

/** All models fitted to one log. */
export interface Members {
  /** In calendar time: they carry the level. */
  readonly anchors: readonly Member[];
  /** In operational time: they tell customers apart. */
  readonly paced: readonly Member[];
  readonly tempo: Tempo;
}

/**
 * Fits each kind in calendar time, then the market's tempo, then each kind in operational time.
 * @throws clv_not_enough_data
 */
export function fitMembers(log: PurchaseLog, timeUnit: TimeUnit): Members {
  const fit = (time?: OperationalTime): Member[] => {
    const table = log.table(timeUnit, time);
    const keepsCovariance = time === undefined;
    return KINDS.map((kind) => {
      return new Member(memberOf(fitPurchases(table, kind).model, keepsCovariance));
    });
  };
  const anchors = fit();
  const wholeWeeks = (days: number): number => 7 * Math.ceil(days / 7);
  const shortest = wholeWeeks(Math.max(log.spanDays / MAX_BINS, log.medianGapDays / 2));
  const binDays = Math.max(BIN_DAYS, shortest);
  let tempo = evenTempo(log.firstDay, log.endDay, binDays);
  let paced = anchors;
  for (let round = 0; round < ROUNDS; round++) {
    tempo = learnTempo(log, { members: paced, tempo, daysPerUnit: DAYS_PER_UNIT[timeUnit] });
    paced = fit(new OperationalTime(tempo));
  }
  return { anchors, paced, tempo };
}

interface Pacing {
  readonly members: readonly Member[];
  /** In which the members were fitted. */
  readonly tempo: Tempo;
  readonly daysPerUnit: number;
}

/**
 * Pace of bin k = (actual + m) / (expected at pace 1 + m), a gamma prior of mean 1 on the pace of a Poisson count,
 * then scaled to geometric mean 1.
 */
function learnTempo(log: PurchaseLog, { members, tempo, daysPerUnit }: Pacing): Tempo {
  const actual = repeatPurchases(log, tempo);
  const expected = expectedPurchases(log, { members, tempo, daysPerUnit });
  const pace = actual.map((count, i) => {
    const atPaceOne = (expected[i] ?? 0) / (tempo.pace[i] ?? 1);
    return (count + PRIOR_PURCHASES) / (atPaceOne + PRIOR_PURCHASES);
  });
  const mean = Math.exp(pace.reduce((sum, value) => sum + Math.log(value), 0) / pace.length);
  return { ...tempo, pace: pace.map((value) => rounded(value / mean, 4)) };
}

function repeatPurchases(log: PurchaseLog, { startDay, binDays, pace }: Tempo): number[] {
  const counts = pace.map(() => 0);
  for (let i = 0; i < log.customerIds.length; i++) {
    const days = log.daysOf(i);
    for (let k = 1; k < days.length; k++) {
      const bin = Math.floor(((days[k] ?? 0) - 1 - startDay) / binDays);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
  }
  return counts;
}

/** Σ over first days of customers × E[X], per bin; the mean of the members. */
function expectedPurchases(log: PurchaseLog, { members, tempo, daysPerUnit }: Pacing): number[] {
  const time = new OperationalTime(tempo);
  const arrivals = new Map<number, number>();
  for (let i = 0; i < log.customerIds.length; i++) {
    const day = log.daysOf(i)[0] ?? 0;
    arrivals.set(day, (arrivals.get(day) ?? 0) + 1);
  }
  const sorted = [...arrivals].sort(([a], [b]) => a - b);
  const until = (day: number): number => {
    let sum = 0;
    for (const [firstDay, customers] of sorted) {
      if (firstDay >= day) break;
      const age = (time.at(day) - time.at(firstDay)) / daysPerUnit;
      for (const member of members) sum += customers * member.expectedNew(age);
    }
    return sum / members.length;
  };
  const ends = tempo.pace.map((_, i) => until(tempo.startDay + (i + 1) * tempo.binDays));
  return ends.map((sum, i) => sum - (ends[i - 1] ?? 0));
}
