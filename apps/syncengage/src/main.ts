import { run } from '@kiki/host';
import { syncengageDefinition } from '@kiki/service-syncengage';

await run([syncengageDefinition]);
