import { run } from '@kiki/host';
import { syncflowDefinition } from '@kiki/service-syncflow';

await run([syncflowDefinition]);
