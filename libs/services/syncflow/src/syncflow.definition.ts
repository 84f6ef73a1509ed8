import { defineService } from '@kiki/host';
import { syncflowConfig } from './syncflow.config.js';
import { syncflowModule } from './syncflow.module.js';

/** SyncFlow as a value that a process starts. */
export const syncflowDefinition = defineService({
  name: 'syncflow',
  title: 'SyncFlow',
  summary:
    'Campaign execution and bidding: what each customer is worth, as bids that budgets allow.',
  config: syncflowConfig,
  endpoints: { httpPort: 8082 },
  migrationsDir: new URL('../migrations/', import.meta.url),
  module: syncflowModule,
});
