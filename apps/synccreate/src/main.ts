import { run } from '@kiki/host';
import { synccreateDefinition } from '@kiki/service-synccreate';

await run([synccreateDefinition]);
