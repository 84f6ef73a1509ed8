import { defineService } from '@kiki/host';
import { syncshieldConfig } from './syncshield.config.js';
import { syncshieldModule } from './syncshield.module.js';

/** SyncShield as a value that a process starts. */
export const syncshieldDefinition = defineService({
  name: 'syncshield',
  title: 'SyncShield',
  summary: 'Budget governance: nothing spends more than it was allowed to.',
  config: syncshieldConfig,
  endpoints: { httpPort: 8081 },
  migrationsDir: new URL('../migrations/', import.meta.url),
  module: syncshieldModule,
});
