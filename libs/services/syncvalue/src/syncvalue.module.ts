import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import { SubjectData, subjectDataProviders } from '@kiki/subject-data';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { ForecastController } from './adapters/grpc/forecast.controller.js';
import { ModelsController } from './adapters/grpc/models.controller.js';
import { ModelLifeController } from './adapters/grpc/model-life.controller.js';
import { OnnxController } from './adapters/grpc/onnx.controller.js';
import { PopulationController } from './adapters/grpc/population.controller.js';
import { PredictionsController } from './adapters/grpc/predictions.controller.js';
import { SubjectDataGrpcController } from './adapters/grpc/subject-data.controller.js';
import { TransactionsController } from './adapters/grpc/transactions.controller.js';
import { PredictionCounts, RowCounts } from './adapters/metrics/prediction-counts.js';
import { RefitCounts } from './adapters/metrics/model-life-gauges.js';
import { ModelReadiness } from './adapters/nest/model-readiness.js';
import { Upkeep } from './adapters/nest/upkeep.js';
import { PostgresCustomerScores } from './adapters/postgres/postgres-customer-scores.js';
import { PostgresLedger } from './adapters/postgres/postgres-ledger.js';
import { SeenModels } from './adapters/postgres/seen-models.js';
import { ValueSubjectData } from './adapters/privacy/value-subject-data.js';
import { ProcessModelJobs } from './adapters/process/process-model-jobs.js';
import { BacktestModel } from './application/backtest-model.js';
import { CustomerScores } from './application/customer-scores.js';
import { DriftBoard } from './application/drift-board.js';
import { ForecastSegments } from './application/forecast-segments.js';
import { ExplainCustomer } from './application/explain-customer.js';
import { GetCustomer } from './application/get-customer.js';
import { Graphs } from './application/graphs.js';
import { IngestTransactions } from './application/ingest-transactions.js';
import { Ledger } from './application/ledger.js';
import { ModelJobs } from './application/model-jobs.js';
import { ListCustomers } from './application/list-customers.js';
import { Models } from './application/models.js';
import { PredictCustomers } from './application/predict-customers.js';
import { factory } from './provider-factory.js';
import type { SyncvalueConfig } from './syncvalue.config.js';
import { modelLife } from './model-life.providers.js';

class SyncvalueModule {}

/** SyncValue's composition root. */
export function syncvalueModule(config: SyncvalueConfig): DynamicModule {
  return {
    module: SyncvalueModule,
    controllers: [
      TransactionsController,
      ModelsController,
      ModelLifeController,
      OnnxController,
      PredictionsController,
      PopulationController,
      ForecastController,
      SubjectDataGrpcController,
    ],
    providers: [...adapters(config), ...useCases(config), ...modelLife(config)],
  };
}

function adapters(config: SyncvalueConfig): FactoryProvider[] {
  return [
    factory(
      Ledger,
      [Database, Clock],
      (database: Database, clock: Clock) =>
        new PostgresLedger(database, clock, config.stateCacheEntries),
    ),
    provide(DriftBoard, []),
    factory(
      Models,
      [Database, Clock, DriftBoard],
      (database: Database, clock: Clock, drifts: DriftBoard) =>
        new SeenModels(database, clock, drifts, config.modelCacheEntries),
    ),
    provide(PostgresCustomerScores, [Database], CustomerScores),
    factory(
      ProcessModelJobs,
      [Database, Clock, Metrics],
      ({ poolOptions }: Database, clock: Clock, metrics: Metrics) =>
        new ProcessModelJobs(config.fitConcurrency, poolOptions, clock, metrics),
    ),
    factory(ModelJobs, [ProcessModelJobs], (jobs: ModelJobs) => jobs),
    provide(ModelReadiness, [Readiness, ProcessModelJobs, RefitCounts, Upkeep]),
    provide(ValueSubjectData, [Ledger], SubjectData),
    ...subjectDataProviders,
    provide(PredictionCounts, [Metrics]),
    provide(RowCounts, [Metrics]),
  ];
}

function useCases(config: SyncvalueConfig): FactoryProvider[] {
  const { horizonDays, annualDiscountRate, margin, modelMaxAgeDays } = config;
  const { futureToleranceHours } = config;
  const standard = { horizonDays, annualDiscountRate };
  const settings = { defaults: { ...standard, margin }, modelMaxAgeDays };
  return [
    factory(IngestTransactions, [Ledger, Clock], (ledger: Ledger, clock: Clock) => {
      return new IngestTransactions(ledger, clock, { futureToleranceHours });
    }),
    provide(BacktestModel, [Ledger, ModelJobs]),
    factory(
      PredictCustomers,
      [Ledger, Models, Clock, Graphs],
      (ledger: Ledger, models: Models, clock: Clock, graphs: Graphs) =>
        new PredictCustomers(ledger, models, clock, settings, graphs),
    ),
    provide(ExplainCustomer, [PredictCustomers, Graphs]),
    factory(
      ForecastSegments,
      [PredictCustomers, ModelJobs],
      (predictions: PredictCustomers, jobs: ModelJobs) =>
        new ForecastSegments(predictions, jobs, settings.defaults),
    ),
    provide(GetCustomer, [Ledger, CustomerScores]),
    provide(ListCustomers, [CustomerScores, Ledger]),
  ];
}
