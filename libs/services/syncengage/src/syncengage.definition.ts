import { defineService } from '@kiki/host';
import { syncengageConfig } from './syncengage.config.js';
import { syncengageModule } from './syncengage.module.js';

/** SyncEngage: events, profiles, churn segments and win-back journeys. */
export const syncengageDefinition = defineService({
  name: 'syncengage',
  title: 'SyncEngage',
  summary:
    'Keeps the customers that were won: events, profiles, churn segments, journeys with holdout, mail.',
  config: syncengageConfig,
  endpoints: { httpPort: 8083 },
  migrationsDir: new URL('../migrations/', import.meta.url),
  module: syncengageModule,
});
