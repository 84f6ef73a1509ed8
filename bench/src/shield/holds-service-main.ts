/** SyncShield alone, started by the host like any other service, with a key of a tenant without limits. */
import { start } from '@kiki/host';
import { syncshieldDefinition } from '@kiki/service-syncshield';

const host = await start([syncshieldDefinition], { portBase: 0 });
const limit = { ratePerSecond: 1_000_000, burst: 1_000_000 };
const tenant = process.env['BENCH_TENANT'] ?? 'bench';
const { admin } = host.auth;
await admin.createTenant({ tenant, limit });
const { key } = await admin.createKey({ tenant, name: 'bench', scopes: ['*'], limit });
const url = new URL(host.service('syncshield').httpUrl);
url.username = key;
process.send?.({ url: url.href });
