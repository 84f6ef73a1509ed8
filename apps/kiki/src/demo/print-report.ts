import type { Reporter } from '@kiki/cli';
import { microsToDecimal } from '@kiki/kernel';
import { decileChartText, type DecileBar } from '../report/decile-chart.js';
import type { StatementAnswer } from '../exchange/exchange-wire.js';
import type { BidStepResult } from './bid-step.js';
import type { DemoResult } from './result.js';
import type { CampaignReportAnswer, JourneyReportAnswer } from './wire.js';

/** What the report shows besides the result. */
export interface ReportMatter {
  readonly result: DemoResult;
  readonly deciles: readonly DecileBar[];
  readonly championVersion: string;
  readonly campaigns: readonly CampaignReportAnswer[];
  readonly bidding: BidStepResult;
  readonly exchange: StatementAnswer;
  readonly journey: JourneyReportAnswer;
  readonly mails: number;
  readonly outDir: string;
  /** e.g. `start 5.1 s, model 3.2 s`. */
  readonly stepTimes: string;
}

const share = (part: number, whole: number): string =>
  whole === 0 ? '-' : `${((100 * part) / whole).toFixed(1)} %`;

/** The readable report of a demo. */
export function printReport(report: Reporter, matter: ReportMatter): void {
  printModel(report, matter);
  printMoney(report, matter);
  printBids(report, matter);
  printOutcomes(report, matter);
  const { result, outDir, stepTimes } = matter;
  report.say();
  report.say(`Decisions digest ${result.decisionsDigest}`);
  report.say(`Overspend ${microsToDecimal(result.overspendMicros)}; files in ${outDir}`);
  report.say(
    `Done in ${(result.durationMs / 1000).toFixed(1)} s on profile ${result.profile}: ${stepTimes}.`,
  );
}

function printModel(report: Reporter, { result, deciles, championVersion }: ReportMatter): void {
  const { orders, model, backtest } = result;
  report.say();
  report.say('1. Order log and LTV model');
  const simulated = orders.simulated ? ' (SIMULATED: these customers do not exist)' : '';
  report.say(`${orders.file}${simulated}: ${orders.rows} rows, ${orders.customers} customers`);
  const parameters = Object.entries(model.parameters);
  report.table(
    ['model', 'time unit', 'log-likelihood', ...parameters.map(([name]) => name)],
    [
      [
        ...[model.kind, model.timeUnit, model.logLikelihood?.toFixed(2) ?? '–'],
        ...parameters.map(([, value]) => value.toFixed(5)),
      ],
    ],
  );
  report.say(`Back-test of the calibration fit ${model.version}; bids use ${championVersion}:`);
  report.table(
    ['holdout days', 'purchases', 'predicted', 'MAE', 'norm. Gini', 'decile MAPE'],
    [
      [
        backtest.horizonDays,
        backtest.actualPurchases,
        Math.round(backtest.predictedPurchases),
        backtest.mae.toFixed(4),
        backtest.normalizedGini?.toFixed(4),
        backtest.decileMape?.toFixed(4),
      ],
    ],
  );
  report.say(decileChartText(deciles));
}

function printMoney(report: Reporter, { result }: ReportMatter): void {
  report.say();
  report.say('2. Budgets (recounted from the rows of their holds)');
  report.table(
    ['budget', 'currency', 'limit', 'spent', 'held', 'ran out'],
    result.budgets.map((budget) => [
      ...[budget.id, budget.currency, microsToDecimal(budget.limitMicros)],
      ...[microsToDecimal(budget.spentMicros), microsToDecimal(budget.heldMicros)],
      budget.exhausted,
    ]),
  );
  report.say(
    'A budget ran out when spent and held left no room for one more bid. Holds that came to nothing,\n' +
      'or whose notices were lost, were given back later: less than the limit may be spent then.',
  );
}

function printBids(report: Reporter, { result, campaigns, bidding, exchange }: ReportMatter): void {
  const { bids } = result;
  report.say();
  report.say('3. Bids at the SIMULATED exchange');
  report.table(
    ['campaign', 'opportunities', 'placed', 'no bid', 'fallback', 'won', 'converted', 'p99 ms'],
    campaigns.map((c) => [
      ...[c.campaignId, c.opportunities, c.placed, c.noBid, c.fallback, c.won, c.converted],
      c.placeP99Ms === null ? null : Math.round(c.placeP99Ms),
    ]),
  );
  for (const { campaignId, noBidReasons } of campaigns) {
    const reasons = Object.entries(noBidReasons).map(([reason, n]) => `${reason} ${n}`);
    if (reasons.length > 0) report.say(`  ${campaignId}, no bid: ${reasons.join(', ')}`);
  }
  const [first, second] = bidding.decidedByWorker;
  const { learned } = bidding;
  report.say(
    `${bids.bidsPerSecond} opportunities a second; two workers decided ${first} and ${second}`,
  );
  report.say(
    `Conversion learned from ${learned.impressions} impressions and ${learned.conversions} conversions`,
  );
  report.say(
    `Notices (simulated): ${exchange.notices} made, ${exchange.duplicatedNotices} sent twice, ` +
      `${exchange.delayedNotices} late, ${exchange.lostNotices} lost on purpose, ${exchange.retries} retries`,
  );
}

function printOutcomes(report: Reporter, { result, journey, mails }: ReportMatter): void {
  const { creatives, retention } = result;
  report.say();
  report.say('4. Creatives');
  report.table(
    ['platform', 'pixels', 'variants', 'passed', 'bytes, largest'],
    [...Map.groupBy(creatives, ({ platform }) => platform)].map(([platform, made]) => [
      platform,
      [...new Set(made.map(({ width, height }) => `${width}×${height}`))].join(' '),
      made.length,
      made.filter(({ passed }) => passed).length,
      Math.max(...made.map(({ bytes }) => bytes)),
    ]),
  );
  report.say();
  report.say('5. Win-back');
  report.table(
    ['at risk', 'held out', 'suppressed', 'messaged', 'mails received'],
    [[retention.atRisk, retention.heldOut, retention.suppressed, retention.messaged, mails]],
  );
  const reasons = Object.entries(journey.suppressedReasons).map(([reason, n]) => `${reason} ${n}`);
  report.say(
    `Held out ${share(retention.heldOut, retention.atRisk)}; suppressed: ${reasons.join(', ') || 'nobody'}`,
  );
}
