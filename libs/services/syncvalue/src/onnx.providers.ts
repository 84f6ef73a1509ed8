import { Readiness } from '@kiki/health';
import { provide } from '@kiki/host';
import { Clock } from '@kiki/kernel';
import { Metrics } from '@kiki/metrics';
import { Database } from '@kiki/postgres';
import type { FactoryProvider } from '@nestjs/common';
import { ProcessGraphs } from './adapters/inference/process-graphs.js';
import { TemporaryGraphIntake } from './adapters/inference/temporary-graph-intake.js';
import { GraphLife } from './adapters/nest/graph-life.js';
import { PostgresGraphPieces } from './adapters/postgres/onnx-graphs.js';
import { GateBacktest } from './application/gate-backtest.js';
import { GraphIntake, GraphPieces, Graphs } from './application/graphs.js';
import { ImportModel } from './application/import-model.js';
import { Ledger } from './application/ledger.js';
import { ModelJobs } from './application/model-jobs.js';
import { Models } from './application/models.js';
import { StoreModel } from './application/store-model.js';
import type { StandardOptions } from './domain/model.js';
import { factory } from './provider-factory.js';
import type { SyncvalueConfig } from './syncvalue.config.js';

const MIB = 1024 * 1024;
/** After a graph could not be run at all. */
const REST_MS = 10_000;

/** Models that users bring: where their graphs come in, lie and run. */
export function onnxModels(config: SyncvalueConfig, standard: StandardOptions): FactoryProvider[] {
  const options = {
    maxProcesses: config.onnxProcesses,
    runTimeoutMs: config.onnxRunTimeoutMs,
    restMs: REST_MS,
  };
  return [
    provide(PostgresGraphPieces, [Database], GraphPieces),
    factory(
      ProcessGraphs,
      [GraphPieces, Clock, Metrics],
      (pieces: GraphPieces, clock: Clock, metrics: Metrics) =>
        new ProcessGraphs(pieces, clock, options, metrics),
    ),
    factory(Graphs, [ProcessGraphs], (graphs: Graphs) => graphs),
    factory(GraphIntake, [], () => new TemporaryGraphIntake(config.onnxMaxMib * MIB)),
    provide(GraphLife, [ProcessGraphs, Readiness]),
    factory(
      ImportModel,
      [Ledger, Models, ModelJobs, GateBacktest, GraphIntake, StoreModel, Clock],
      (
        ledger: Ledger,
        models: Models,
        jobs: ModelJobs,
        backtest: GateBacktest,
        intake: GraphIntake,
        store: StoreModel,
        clock: Clock,
      ) => new ImportModel(ledger, models, { jobs, backtest, intake, store }, clock, standard),
    ),
  ];
}
