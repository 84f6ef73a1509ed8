import { ModelKind, TimeUnit, type BacktestMetrics, type Model } from '@kiki/contract-syncvalue';
import type { BudgetCount, DecisionCount } from './recount.js';
import type { DemoCreative } from './creative-step.js';
import type { RetentionCount } from './verdict.js';

/** The last line of a demo with `--json`; money is micros. */
export interface DemoResult {
  readonly profile: string;
  readonly orders: {
    readonly file: string;
    readonly rows: number;
    readonly customers: number;
    readonly simulated: boolean;
  };
  readonly model: {
    readonly kind: string;
    readonly version: string;
    readonly parameters: Readonly<Record<string, number>>;
    /** Null where the model has no likelihood. */
    readonly logLikelihood: number | null;
    readonly timeUnit: string;
  };
  readonly backtest: {
    readonly horizonDays: number;
    readonly actualPurchases: number;
    readonly predictedPurchases: number;
    readonly mae: number;
    readonly normalizedGini: number | null;
    readonly decileMape: number | null;
  };
  readonly bids: {
    readonly opportunities: number;
    readonly placed: number;
    readonly noBid: number;
    readonly fallback: number;
    readonly bidsPerSecond: number;
    readonly p99Ms: number;
  };
  readonly budgets: readonly {
    readonly id: string;
    readonly currency: string;
    readonly limitMicros: bigint;
    readonly spentMicros: bigint;
    readonly heldMicros: bigint;
    readonly exhausted: boolean;
  }[];
  readonly overspendMicros: bigint;
  readonly decisionsDigest: string;
  readonly creatives: readonly Omit<DemoCreative, 'image'>[];
  readonly retention: RetentionCount;
  readonly durationMs: number;
}

const KINDS: Readonly<Partial<Record<ModelKind, string>>> = {
  [ModelKind.BGNBD]: 'bg_nbd',
  [ModelKind.MBGNBD]: 'mbg_nbd',
  [ModelKind.PARETONBD]: 'pareto_nbd',
  [ModelKind.NBD]: 'nbd',
  [ModelKind.BGBB]: 'bg_bb',
};

const UNITS: Readonly<Partial<Record<TimeUnit, string>>> = {
  [TimeUnit.DAY]: 'day',
  [TimeUnit.WEEK]: 'week',
  [TimeUnit.MONTH]: 'month',
};

/** A model as the result shows it. */
export function modelResult(model: Model): DemoResult['model'] {
  return {
    kind: KINDS[model.kind] ?? ModelKind[model.kind],
    version: model.modelVersion,
    parameters: Object.fromEntries(model.parameters.map(({ name, value }) => [name, value])),
    logLikelihood: model.logLikelihood ?? null,
    timeUnit: UNITS[model.timeUnit] ?? TimeUnit[model.timeUnit],
  };
}

/** A back-test as the result shows it. */
export function backtestResult(metrics: BacktestMetrics): DemoResult['backtest'] {
  return {
    horizonDays: metrics.horizonDays,
    actualPurchases: metrics.actualPurchases,
    predictedPurchases: metrics.predictedPurchases,
    mae: metrics.mae,
    normalizedGini: metrics.normalizedGini ?? null,
    decileMape: metrics.decileMape ?? null,
  };
}

/** Budgets as the result shows them. */
export function budgetResults(
  budgets: readonly BudgetCount[],
  currency: string,
): DemoResult['budgets'] {
  return budgets.map(({ id, limitMicros, spentMicros, heldMicros, exhausted }) => ({
    ...{ id, currency, limitMicros, spentMicros, heldMicros, exhausted },
  }));
}

/** Bids as the result shows them. */
export function bidResults(
  counts: DecisionCount,
  speed: { readonly bidsPerSecond: number; readonly p99Ms: number },
): DemoResult['bids'] {
  const { opportunities, placed, noBid, fallback } = counts;
  const rounded = (value: number): number => Math.round(value * 10) / 10;
  return {
    ...{ opportunities, placed, noBid, fallback },
    bidsPerSecond: rounded(speed.bidsPerSecond),
    p99Ms: rounded(speed.p99Ms),
  };
}
