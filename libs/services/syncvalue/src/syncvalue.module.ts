import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { DynamicModule, FactoryProvider } from '@nestjs/common';
import { ModelsController } from './adapters/grpc/models.controller.js';
import { PredictionsController } from './adapters/grpc/predictions.controller.js';
import { TransactionsController } from './adapters/grpc/transactions.controller.js';
import { PredictionCounts, RowCounts } from './adapters/metrics/prediction-counts.js';
import { ModelReadiness } from './adapters/nest/model-readiness.js';
import { PostgresLedger } from './adapters/postgres/postgres-ledger.js';
import { PostgresModels } from './adapters/postgres/postgres-models.js';
import { WorkerModelThread } from './adapters/worker/worker-model-thread.js';
import { BacktestModel } from './application/backtest-model.js';
import { ExplainCustomer } from './application/explain-customer.js';
import { FitModel } from './application/fit-model.js';
import { GetCustomer } from './application/get-customer.js';
import { IngestTransactions } from './application/ingest-transactions.js';
import { Ledger } from './application/ledger.js';
import { ModelThread } from './application/model-thread.js';
import { Models } from './application/models.js';
import { PredictCustomers } from './application/predict-customers.js';
import type { SyncvalueConfig } from './syncvalue.config.js';

class SyncvalueModule {}

/** SyncValue's composition root. */
export function syncvalueModule(config: SyncvalueConfig): DynamicModule {
  return {
    module: SyncvalueModule,
    controllers: [TransactionsController, ModelsController, PredictionsController],
    providers: [...adapters(config), ...useCases(config)],
  };
}

function adapters(config: SyncvalueConfig): FactoryProvider[] {
  return [
    provide(PostgresLedger, [Database], Ledger),
    factory(Models, [Database, Clock], (database: Database, clock: Clock) => {
      return new PostgresModels(database, clock, config.modelCacheEntries);
    }),
    factory(WorkerModelThread, [Clock, Metrics], (clock: Clock, metrics: Metrics) => {
      return new WorkerModelThread(config.fitConcurrency, clock, metrics);
    }),
    factory(ModelThread, [WorkerModelThread], (thread: ModelThread) => thread),
    provide(ModelReadiness, [Readiness, WorkerModelThread]),
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
    factory(
      FitModel,
      [Ledger, Models, ModelThread, Clock],
      (ledger: Ledger, models: Models, thread: ModelThread, clock: Clock) =>
        new FitModel(ledger, models, thread, clock, standard),
    ),
    provide(BacktestModel, [Ledger, ModelThread]),
    factory(
      PredictCustomers,
      [Ledger, Models, Clock],
      (ledger: Ledger, models: Models, clock: Clock) =>
        new PredictCustomers(ledger, models, clock, settings),
    ),
    provide(ExplainCustomer, [PredictCustomers]),
    provide(GetCustomer, [Ledger]),
  ];
}

/** A provider that needs more than constructor arguments, e.g. settings. */
function factory(
  token: FactoryProvider['provide'],
  inject: NonNullable<FactoryProvider['inject']>,
  useFactory: FactoryProvider['useFactory'],
): FactoryProvider {
  return { provide: token, inject, useFactory };
}
