import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Reporter } from '@kiki/cli';
import type { Environment } from '@kiki/config';
import type { BacktestMetrics } from '@kiki/contract-syncvalue';
import { kernelErrors } from '@kiki/kernel';
import { errors } from '../errors.js';
import type { OrderFileSummary } from '../orders/order-file.js';
import { SIMULATED_HEADER, simulateOrders } from '../orders/simulate-orders.js';
import { contactSheet } from '../report/contact-sheet.js';
import { decileChartSvg } from '../report/decile-chart.js';
import { toPng } from '../report/typeset.js';
import { campaignReports, runBidStep, settled } from './bid-step.js';
import { runCreativeStep, type DemoCreative } from './creative-step.js';
import { openDemoPlatform, type DemoPlatform } from './demo-platform.js';
import type { DemoOptions } from './options.js';
import { BUDGET, planDemo, type DemoPlan } from './plan.js';
import { poll } from './poll.js';
import { printReport } from './print-report.js';
import { overspendMicros, recountBudgets, recountDecisions, slowestP99 } from './recount.js';
import {
  backtestResult,
  bidResults,
  budgetResults,
  modelResult,
  type DemoResult,
} from './result.js';
import { runRetentionStep } from './retention-step.js';
import { inspectOrders, runValueStep } from './value-step.js';
import { brokenPromises } from './verdict.js';
import type { BudgetAnswer } from './wire.js';

/** What a demo runs with. */
export interface DemoRun {
  readonly environment: Environment;
  readonly options: DemoOptions;
  readonly report: Reporter;
  readonly signal: AbortSignal;
}

/**
 * The main job of KIKI from end to end on real stores: order log, model, budgets, bids, creatives, win-back.
 * The exchange and the mail server are stand-ins and say so.
 * @throws demo_failed naming every promise that was not kept
 */
export async function runDemo(run: DemoRun): Promise<DemoResult> {
  const startedMs = performance.now();
  const { options, environment, report } = run;
  await mkdir(options.outDir, { recursive: true });
  const file = options.orders ?? (await writeSimulatedLog(options));
  const { summary, calibrationEnd } = await inspectOrders(file, options);
  report.say(`${options.isAttached ? 'Finding' : 'Starting'} the five services …`);
  const steps = new StepTimes();
  const platform = await steps.time('start', openDemoPlatform(environment, options, run.signal));
  try {
    report.say(
      `Profile ${platform.services.profile} (${platform.services.stores}), tenant ${platform.tenant}`,
    );
    return await onPlatform({ ...run, platform, file, summary, calibrationEnd, startedMs, steps });
  } finally {
    await platform.close();
  }
}

async function writeSimulatedLog({ outDir, seed }: DemoOptions): Promise<string> {
  const path = join(outDir, `simulated-orders-seed-${seed}.csv`);
  await writeFile(path, `${[SIMULATED_HEADER, ...simulateOrders({ seed })].join('\n')}\n`);
  return path;
}

interface DemoContext extends DemoRun {
  readonly platform: DemoPlatform;
  readonly file: string;
  readonly summary: OrderFileSummary;
  readonly calibrationEnd: Date;
  readonly startedMs: number;
  readonly steps: StepTimes;
}

async function onPlatform(context: DemoContext): Promise<DemoResult> {
  const { platform, options, summary, report, signal, steps } = context;
  const { seed, orderLog } = options;
  const { currency } = orderLog;
  const values = await steps.time('model', runValueStep(context));
  const plan = planDemo({
    ...{ seed, currency, opportunities: options.opportunities },
    ...{ customerIds: summary.customerIds, meanValueMicros: values.meanValueMicros },
  });
  const bids = runBidStep({ platform, plan, seed, currency, report, signal });
  const bidding = await steps.time('bids', bids);
  report.say('Making creatives, writing to customers at risk, settling …');
  const costMicros = plan.minBidMicros;
  const { customerIds } = summary;
  const retaining = runRetentionStep({ platform, seed, currency, customerIds, costMicros, signal });
  const [creatives, retention] = await Promise.all([
    steps.time('creatives', runCreativeStep({ platform, seed, outDir: options.outDir, signal })),
    steps.time('win-back', retaining),
    settled({ platform, plan, signal }),
  ]);
  await steps.time('rest of the holds', nothingHeld(platform, signal));
  const [budgets, decisions, campaigns, exchange] = await Promise.all([
    recountBudgets({ platform, plan, signal }),
    recountDecisions({ platform, plan, signal }),
    campaignReports({ platform, plan, signal }),
    platform.exchange.statement(),
  ]);
  const { atRisk, heldOut, suppressed, messaged } = retention.report;
  await writePictures(context, values.backtest, creatives);
  const result: DemoResult = {
    profile: platform.services.profile,
    orders: ordersOf(context),
    model: modelResult(values.calibration),
    backtest: backtestResult(values.backtest),
    bids: bidResults(decisions, {
      bidsPerSecond: bidding.bidsPerSecond,
      p99Ms: slowestP99(campaigns),
    }),
    budgets: budgetResults(budgets, currency),
    overspendMicros: overspendMicros(budgets),
    decisionsDigest: decisions.digest,
    creatives: creatives.map(({ image: _image, ...creative }) => creative),
    retention: { atRisk, heldOut, suppressed, messaged },
    durationMs: Math.round(performance.now() - context.startedMs),
  };
  printReport(report, {
    ...{ result, campaigns, bidding, exchange, outDir: options.outDir },
    deciles: values.backtest.deciles,
    championVersion: values.champion.modelVersion,
    journey: retention.report,
    mails: retention.mails.length,
    stepTimes: steps.text(),
  });
  const faults = brokenPromises({
    ...{ budgets, decisions, creatives, overspendMicros: result.overspendMicros },
    digestOf: new Map(campaigns.map((c) => [c.campaignId, c.decisionsDigest])),
    expectedOpportunities: offered(plan),
    decidedByWorker: bidding.decidedByWorker,
    refusedSettlements: campaigns.reduce((sum, c) => sum + c.refusedSettlements, 0),
    retention: result.retention,
    mails: retention.mails.length,
  });
  if (faults.length > 0)
    throw errors.demo_failed(`The demo failed: ${faults.join('; ')}.`, { faults });
  return result;
}

/** How long each step took, for the report. */
class StepTimes {
  private readonly times: string[] = [];

  async time<T>(name: string, work: Promise<T>): Promise<T> {
    const startedMs = performance.now();
    const result = await work;
    this.times.push(`${name} ${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return result;
  }

  text(): string {
    return this.times.join(', ');
  }
}

function offered({ inventories }: DemoPlan): number {
  return inventories.reduce((sum, { body }) => sum + body.count, 0);
}

function ordersOf({ file, summary, options }: DemoContext): DemoResult['orders'] {
  return {
    file: basename(file),
    rows: summary.report.rows,
    customers: summary.customerIds.length,
    simulated: options.orders === undefined,
  };
}

/** Holds of bids whose notices the exchange lost end by themselves: their money comes back after its grace. */
async function nothingHeld(platform: DemoPlatform, signal: AbortSignal): Promise<void> {
  await poll(
    'SyncShield to give back what lost notices left held',
    async () => {
      const path = `/v1/budgets/${BUDGET.root}`;
      const { heldMicros } = await platform.api('syncshield').get<BudgetAnswer>(path, { signal });
      return heldMicros === 0;
    },
    { timeoutMs: 90_000, everyMs: 250, signal },
  );
}

async function writePictures(
  { options, summary, platform }: DemoContext,
  backtest: BacktestMetrics,
  creatives: readonly DemoCreative[],
): Promise<void> {
  const { outDir } = options;
  const subtitle = `BG/NBD on ${summary.customerIds.length} customers, holdout ${backtest.horizonDays} days`;
  const svg = await decileChartSvg(backtest.deciles, subtitle);
  await writeFile(join(outDir, 'decile-chart.svg'), svg);
  await writeFile(join(outDir, 'decile-chart.png'), await toPng(svg));
  if (creatives.length === 0) throw kernelErrors.internal('SyncCreate made nothing.');
  const title = `Creatives of the KIKI demo, ${platform.tenant}`;
  await writeFile(join(outDir, 'contact-sheet.png'), await contactSheet(title, creatives));
}
