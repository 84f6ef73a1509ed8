import { DomainError } from '@kiki/kernel';
import type { PurchaseLog } from '../purchase-log.js';
import { DAYS_PER_UNIT, type TimeUnit } from '../time-unit.js';
import { expectations } from './blend.js';
import { OperationalTime } from './operational-time.js';
import { fitMembers } from './tempo-fit.js';
import { timedRow } from './timed-rows.js';

/** A quarter of a year. */
const WINDOW_DAYS = 91;
const MAX_ORIGINS = 4;

/** What models fitted at an earlier day expected of the days after it, and what happened: all inside the log. */
export interface Origin {
  readonly endDay: number;
  readonly windowDays: number;
  /** log of the expectation in operational time, per member and customer. */
  readonly logExpected: readonly Float64Array[];
  /** Σ of the expectation in calendar time, per member. */
  readonly anchorTotals: readonly number[];
  /** Purchases within the window, per customer. */
  readonly actual: Float64Array;
  /** What the models in operational time know of the customers' rates. */
  readonly rates: Rates;
}

/** Repeat purchases per customer, P(alive) per member and customer, the shape of a new customer's rate per member. */
export interface Rates {
  readonly frequency: Float64Array;
  readonly alive: readonly Float64Array[];
  readonly shapes: readonly number[];
}

/**
 * How far earlier origins look ahead, in whole weeks: a quarter, or the median time between purchases where that is
 * longer, but no more than a third of the log.
 */
export function windowDaysOf(log: PurchaseLog): number {
  const wanted = Math.max(WINDOW_DAYS, 7 * Math.ceil(log.medianGapDays / 7));
  return Math.max(7, Math.min(wanted, 7 * Math.floor(log.spanDays / 21)));
}

/**
 * Fits again at the ends of earlier windows, latest first, wherever two windows lie before. Origins with too little
 * data are left out.
 */
export function earlierOrigins(log: PurchaseLog, timeUnit: TimeUnit): Origin[] {
  const windowDays = windowDaysOf(log);
  const origins: Origin[] = [];
  for (let k = 1; k <= MAX_ORIGINS && log.spanDays >= (k + 2) * windowDays; k++) {
    const endDay = log.endDay - k * windowDays;
    try {
      origins.push(originAt(log, { endDay, windowDays, timeUnit }));
    } catch (error) {
      if (!isNotEnoughData(error)) throw error;
      break;
    }
  }
  return origins;
}

interface OriginOptions {
  readonly endDay: number;
  readonly windowDays: number;
  readonly timeUnit: TimeUnit;
}

function originAt(log: PurchaseLog, { endDay, windowDays, timeUnit }: OriginOptions): Origin {
  const past = log.upTo(endDay);
  const { anchors, paced, tempo } = fitMembers(past, timeUnit);
  const time = new OperationalTime(tempo);
  const table = past.table(timeUnit);
  const horizon = windowDays / DAYS_PER_UNIT[timeUnit];
  const n = table.customerIds.length;
  const logExpected = paced.map(() => new Float64Array(n));
  const alive = paced.map(() => new Float64Array(n));
  const anchorTotals = anchors.map(() => 0);
  for (let i = 0; i < n; i++) {
    const row = {
      frequency: table.frequency[i] ?? 0,
      recency: table.recency[i] ?? 0,
      age: table.age[i] ?? 0,
    };
    const timed = timedRow(row, time, { asOfDay: endDay, timeUnit });
    expectations(paced, timed.paced, horizon).forEach((value, k) => {
      const column = logExpected[k];
      if (column !== undefined) column[i] = Math.log(value);
    });
    paced.forEach((member, k) => {
      const column = alive[k];
      if (column !== undefined) column[i] = member.aliveProbability(timed.paced);
    });
    expectations(anchors, row, horizon).forEach((value, k) => {
      anchorTotals[k] = (anchorTotals[k] ?? 0) + value;
    });
  }
  const actual = log.purchasesWithin(endDay, endDay + windowDays);
  const shapes = paced.map((member) => member.shape(0));
  const rates = { frequency: Float64Array.from(table.frequency), alive, shapes };
  return { endDay, windowDays, logExpected, anchorTotals, actual, rates };
}

function isNotEnoughData(error: unknown): boolean {
  return error instanceof DomainError && error.code === 'clv_not_enough_data';
}
