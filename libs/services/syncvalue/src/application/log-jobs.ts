import { createHash } from 'node:crypto';
import {
  AttributeTableBuilder,
  Column,
  DAYS_PER_UNIT,
  netDays,
  summarize,
  TableBuilder,
  type SpendModelKind,
  type TimeUnit,
} from '@kiki/clv';
import { attributesAt, type DatedAttribute } from '../domain/acquisition.js';
import type { LedgerDay } from '../domain/customer-state.js';
import type { AskedKind } from '../domain/choose-kind.js';
import { fit, type FitJob, type FitOutcome, type OnProgress } from '../domain/fitting.js';
import type { FitKind, StandardOptions } from '../domain/model.js';
import { PurchaseDays } from '../domain/purchase-days.js';
import { score, type FittedScores, type ScoreJob, type WantedScores } from '../domain/scoring.js';

/** Told each customer's days up to the end and how they came, in ascending byte order of the id. */
export type VisitDays = (
  customerId: string,
  days: readonly LedgerDay[],
  acquired: readonly DatedAttribute[],
) => void;

/** Visits every customer of a tenant with a day up to `endDay`, on one snapshot of the log. */
export type LogScan = (
  log: { readonly tenant: string; readonly endDay: number },
  visit: VisitDays,
  onFraction: (fraction: number) => void,
) => Promise<void>;

/** A fit to a tenant's log; structured-cloneable. */
export interface LogFitJob {
  readonly tenant: string;
  readonly currency: string;
  readonly timeZone: string;
  /** Last day that the fit may see, days since 1970-01-01. */
  readonly endDay: number;
  readonly kind: AskedKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  readonly standard: StandardOptions;
}

/** What a fit yields, and what it was fitted to. */
export interface LogFit {
  readonly outcome: FitOutcome;
  /** What was asked for, or what was chosen. */
  readonly kind: FitKind;
  /** SHA-256 over the statistics, lower-case hex. */
  readonly dataSha256: string;
  readonly transactionCount: number;
  readonly customerCount: number;
}

/** One window of a back-test of a tenant's log; structured-cloneable. */
export interface LogScoreJob {
  readonly tenant: string;
  readonly kind: AskedKind;
  readonly spendKind: SpendModelKind;
  readonly timeUnit: TimeUnit;
  /** Last days of what is fitted and of what is forecast, days since 1970-01-01. */
  readonly calibrationDay: number;
  readonly holdoutDay: number;
  readonly wanted?: WantedScores | undefined;
}

/** Share of the progress that reading has. */
const READING_SHARE = { fit: 0.3, score: 0.4 };

/** Reads a log and fits to it. @throws clv_not_enough_data, fit_failed, unavailable */
export async function fitLog(
  scan: LogScan,
  job: LogFitJob,
  onProgress: OnProgress,
): Promise<LogFit> {
  const { dataSha256, transactionCount, ...fitting } = await readForFit(scan, job, onProgress);
  const customerCount = fitting.table.customerIds.length;
  const { kind } = fitting;
  return { outcome: fit(fitting, onProgress), kind, dataSha256, transactionCount, customerCount };
}

/** Reads a log, fits to its past and scores on its future. @throws clv_not_enough_data, unavailable */
export async function scoreLog(
  scan: LogScan,
  job: LogScoreJob,
  onProgress: OnProgress,
): Promise<FittedScores> {
  const scoring = await readForScore(scan, job, onProgress);
  const from = READING_SHARE.score;
  return score(scoring, (stage, fraction) => onProgress(stage, from + (1 - from) * fraction));
}

/** Reads what a fit needs. */
export async function readForFit(
  scan: LogScan,
  job: LogFitJob,
  onProgress: OnProgress,
): Promise<FitJob & Pick<LogFit, 'dataSha256' | 'transactionCount'>> {
  const { tenant, endDay, currency, timeZone, spendKind, standard } = job;
  const builder = new TableBuilder(job.timeUnit);
  const hash = createHash('sha256').update(`${currency}/${timeZone}/${endDay}\n`);
  const bought = new PurchaseDays(job.kind, endDay);
  const attributes = new AttributeTableBuilder();
  let transactionCount = 0;
  const visit: VisitDays = (customerId, days, acquired) => {
    for (const day of days) transactionCount += day.purchases + day.refunds;
    const netted = netDays(days, endDay);
    const history = summarize(netted);
    if (history === undefined) return;
    bought.add(customerId, netted);
    builder.add(customerId, history, endDay);
    const { frequency, firstDay, lastDay, repeatMicros } = history;
    hash.update(`${customerId}\0${frequency}/${firstDay}/${lastDay}/${repeatMicros}\n`);
    const own = attributesAt(acquired, endDay);
    attributes.add(own);
    // Where nothing is known the hash is that of the statistics alone, as it was before attributes.
    if (own !== undefined) hash.update(`${JSON.stringify(own)}\n`);
  };
  await scan({ tenant, endDay }, visit, readingPart(onProgress, READING_SHARE.fit));
  const table = builder.build();
  const fitting = {
    ...{ table, ...bought.kindAndLog(table), spendKind, standard },
    ...(!attributes.isEmpty && { attributes: attributes.build() }),
  };
  return { ...fitting, dataSha256: hash.digest('hex'), transactionCount };
}

/** Reads the past of a window, and what happened then. */
export async function readForScore(
  scan: LogScan,
  { tenant, kind, spendKind, timeUnit, calibrationDay, holdoutDay, wanted }: LogScoreJob,
  onProgress: OnProgress,
): Promise<ScoreJob> {
  const builder = new TableBuilder(timeUnit);
  const [purchases, spend] = [new Column(), new Column()];
  const bought = new PurchaseDays(kind, calibrationDay);
  const attributes = new AttributeTableBuilder();
  const visit: VisitDays = (customerId, days, acquired) => {
    const pastDays = netDays(days, calibrationDay);
    const past = summarize(pastDays);
    if (past === undefined) return;
    bought.add(customerId, pastDays);
    builder.add(customerId, past, calibrationDay);
    attributes.add(attributesAt(acquired, calibrationDay));
    const after = netDays(days, holdoutDay).filter(({ day }) => day > calibrationDay);
    purchases.push(after.length);
    spend.push(after.reduce((sum, { micros }) => sum + micros, 0));
  };
  const log = { tenant, endDay: holdoutDay };
  await scan(log, visit, readingPart(onProgress, READING_SHARE.score));
  const table = builder.build();
  return {
    table,
    ...bought.kindAndLog(table),
    spendKind,
    asOfDay: calibrationDay,
    wanted,
    horizon: (holdoutDay - calibrationDay) / DAYS_PER_UNIT[timeUnit],
    actualPurchases: purchases.values(),
    actualSpendMicros: spend.values(),
    ...(!attributes.isEmpty && { attributes: attributes.build() }),
  };
}

function readingPart(onProgress: OnProgress, share: number): (fraction: number) => void {
  onProgress('reading', 0);
  return (fraction) => onProgress('reading', share * fraction);
}
