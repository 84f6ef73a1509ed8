/** Ours: SyncValue alone, started by the host like any other service, with a key of a tenant of its own limits. */
import { start } from '@kiki/host';
import { syncvalueDefinition } from '@kiki/service-syncvalue';

const host = await start([syncvalueDefinition], { portBase: 0 });
const limit = { ratePerSecond: 1_000_000, burst: 1_000_000 };
const { admin } = host.auth;
await admin.createTenant({ tenant: 'bench', limit });
const { key } = await admin.createKey({ tenant: 'bench', name: 'bench', scopes: ['*'], limit });
process.send?.({ url: `http://${key}@${host.service('syncvalue').grpcTarget}` });
