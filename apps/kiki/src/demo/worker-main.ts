import { readEnvironment } from '@kiki/config';
import { start } from '@kiki/host';
import { syncflowDefinition } from '@kiki/service-syncflow';

/** A second worker of SyncFlow for the raced budget: a process on the same stores, until its parent is gone. */
const starting = start([syncflowDefinition], { environment: readEnvironment(), portBase: 0 });
const end = (): void => void starting.then((host) => host.stop()).finally(() => process.exit(0));
process.once('disconnect', end);
process.once('SIGTERM', end);
process.on('SIGINT', () => undefined);
starting.then(
  (host) => process.send?.({ httpUrl: host.service('syncflow').httpUrl }),
  (error: unknown) => {
    process.send?.({ error: error instanceof Error ? error.message : String(error) });
    process.exit(1);
  },
);
