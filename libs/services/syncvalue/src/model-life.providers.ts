import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { DriftGauges, RefitCounts, ShadowGauges } from './adapters/metrics/model-life-gauges.js';
import { Upkeep } from './adapters/nest/upkeep.js';
import { PostgresRefitRuns } from './adapters/postgres/postgres-refit-runs.js';
import { PostgresShadowStore } from './adapters/postgres/postgres-shadow-store.js';
import { BacktestModel } from './application/backtest-model.js';
import { CompareShadow } from './application/compare-shadow.js';
import { CustomerScores } from './application/customer-scores.js';
import { DriftBoard } from './application/drift-board.js';
import { FitModel } from './application/fit-model.js';
import { GateBacktest } from './application/gate-backtest.js';
import { Graphs } from './application/graphs.js';
import { Ledger } from './application/ledger.js';
import { ModelJobs } from './application/model-jobs.js';
import { Models } from './application/models.js';
import { PredictCustomers } from './application/predict-customers.js';
import { PromoteModel } from './application/promote-model.js';
import { rescoreBrought } from './application/rescore-brought.js';
import { RefitModels, RefitRuns } from './application/refit-models.js';
import { RefreshScores } from './application/refresh-scores.js';
import { ScoreUpkeep } from './application/score-upkeep.js';
import { StoreModel } from './application/store-model.js';
import { Shadow, ShadowStore } from './application/shadow.js';
import { onnxModels } from './onnx.providers.js';
import { factory } from './provider-factory.js';
import type { SyncvalueConfig } from './syncvalue.config.js';

const HOUR_MS = 3_600_000;

/** How models come, compete and go: fits, gates, shadow, drift, refits. */
export function modelLife(config: SyncvalueConfig): FactoryProvider[] {
  const { horizonDays, annualDiscountRate, margin } = config;
  const gates = {
    maxMaeRatio: config.gateMaxMaeRatio,
    maxBias: config.gateMaxBias,
    maxSpendBias: config.gateMaxSpendBias,
    maxDecileMape: config.gateMaxDecileMape,
    giniTolerance: config.gateGiniTolerance,
  };
  const standard = { horizonDays, annualDiscountRate };
  return [
    provide(GateBacktest, [BacktestModel, ModelJobs, Graphs]),
    factory(
      FitModel,
      [Ledger, Models, ModelJobs, GateBacktest, StoreModel, Clock],
      (
        ledger: Ledger,
        models: Models,
        jobs: ModelJobs,
        backtest: GateBacktest,
        store: StoreModel,
        clock: Clock,
      ) => new FitModel(ledger, models, { jobs, backtest, store }, clock, standard),
    ),
    factory(
      PromoteModel,
      [Models, Ledger, GateBacktest],
      (models: Models, ledger: Ledger, backtest: GateBacktest) =>
        new PromoteModel(models, gates, rescoreBrought(ledger, backtest)),
    ),
    factory(
      StoreModel,
      [Models, PromoteModel],
      (models: Models, promotions: PromoteModel) => new StoreModel(models, promotions, gates),
    ),
    factory(
      RefreshScores,
      [CustomerScores, Models, Clock, Graphs],
      (scores: CustomerScores, models: Models, clock: Clock, graphs: Graphs) =>
        new RefreshScores(scores, models, clock, { ...standard, margin }, graphs),
    ),
    provide(ScoreUpkeep, [CustomerScores, RefreshScores, DriftBoard]),
    provide(DriftGauges, [Metrics]),
    ...onnxModels(config, standard),
    ...shadow(config),
    ...refits(config),
    upkeep(config),
  ];
}

function shadow({ shadowShare }: SyncvalueConfig): FactoryProvider[] {
  return [
    provide(PostgresShadowStore, [Database, Clock], ShadowStore),
    provide(ShadowGauges, [Metrics]),
    factory(
      Shadow,
      [PredictCustomers, ShadowStore, ShadowGauges],
      (predictions: PredictCustomers, store: ShadowStore, gauges: ShadowGauges) =>
        new Shadow(predictions, store, gauges, shadowShare),
    ),
    provide(CompareShadow, [Ledger, ShadowStore]),
  ];
}

function refits({ refitEveryHours, refitPromotes }: SyncvalueConfig): FactoryProvider[] {
  const settings = { everyMs: refitEveryHours * HOUR_MS, isPromoting: refitPromotes };
  return [
    provide(PostgresRefitRuns, [Database, Clock], RefitRuns),
    provide(RefitCounts, [Metrics]),
    factory(
      RefitModels,
      [Ledger, Models, RefitRuns, RefitCounts, FitModel, PromoteModel, Clock],
      (
        ledger: Ledger,
        models: Models,
        runs: RefitRuns,
        observer: RefitCounts,
        fits: FitModel,
        promotions: PromoteModel,
        clock: Clock,
      ) => new RefitModels({ ledger, models, runs, observer }, fits, promotions, clock, settings),
    ),
  ];
}

function upkeep({ upkeepEverySeconds }: SyncvalueConfig): FactoryProvider {
  return factory(
    Upkeep,
    [ScoreUpkeep, DriftBoard, DriftGauges, Shadow, RefitModels, Clock, Logger],
    (
      scores: ScoreUpkeep,
      board: DriftBoard,
      gauges: DriftGauges,
      shadows: Shadow,
      refitting: RefitModels,
      clock: Clock,
      logger: Logger,
    ) => {
      const score = async (signal: AbortSignal): Promise<void> => {
        await scores.execute(signal).finally(() => gauges.show(board.all()));
      };
      const chores = [
        { name: 'scores', run: score },
        { name: 'shadow', run: (signal: AbortSignal) => shadows.flush(signal) },
        { name: 'refits', run: (signal: AbortSignal) => refitting.runDue(signal) },
      ];
      return new Upkeep(chores, upkeepEverySeconds * 1000, clock, logger);
    },
  );
}
