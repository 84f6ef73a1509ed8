import { subjectDataGrpc } from '@kiki/contract-syncvalue';
import { defineService } from '@kiki/host';
import { servedGrpc } from './adapters/grpc/prediction-codec.js';
import { syncvalueConfig } from './syncvalue.config.js';
import { syncvalueModule } from './syncvalue.module.js';

/** SyncValue as a value that a process starts. */
export const syncvalueDefinition = defineService({
  name: 'syncvalue',
  title: 'SyncValue',
  summary:
    'What each customer is worth: ingests order logs, fits and scores models, predicts, explains.',
  config: syncvalueConfig,
  endpoints: { httpPort: 9464, grpc: { port: 50_051, services: [servedGrpc, subjectDataGrpc] } },
  migrationsDir: new URL('../migrations/', import.meta.url),
  module: syncvalueModule,
});
