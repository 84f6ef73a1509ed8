import { run } from '@kiki/host';
import { syncvalueDefinition } from '@kiki/service-syncvalue';

await run([syncvalueDefinition]);
