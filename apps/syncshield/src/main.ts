import { run } from '@kiki/host';
import { syncshieldDefinition } from '@kiki/service-syncshield';

await run([syncshieldDefinition]);
