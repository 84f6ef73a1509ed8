import { defineService } from '@kiki/host';
import { synccreateConfig } from './synccreate.config.js';
import { synccreateModule } from './synccreate.module.js';

/** SyncCreate as a value that a process starts. */
export const synccreateDefinition = defineService({
  name: 'synccreate',
  title: 'SyncCreate',
  summary:
    'Makes creatives for every platform, checks them on their pixels, and lets nothing be made unpaid.',
  config: synccreateConfig,
  endpoints: { httpPort: 8084 },
  migrationsDir: new URL('../migrations/', import.meta.url),
  module: synccreateModule,
});
