/** The services that act on consent, started by the host as always, with both channels live. */
import { start } from '@kiki/host';
import { syncengageDefinition } from '@kiki/service-syncengage';
import { syncflowDefinition } from '@kiki/service-syncflow';
import { syncshieldDefinition } from '@kiki/service-syncshield';
import { syncvalueDefinition } from '@kiki/service-syncvalue';

const definitions = [syncvalueDefinition, syncshieldDefinition, syncflowDefinition];
const host = await start([...definitions, syncengageDefinition], { portBase: 0 });
const limit = { ratePerSecond: 1_000_000, burst: 1_000_000 };
const { admin } = host.auth;
await admin.createTenant({ tenant: 'bench', limit });
const { key } = await admin.createKey({ tenant: 'bench', name: 'bench', scopes: ['*'], limit });
for (const channel of ['email', 'social']) {
  await admin.setLiveChannel({ tenant: 'bench', channel, isLive: true, changedBy: 'bench' });
}
const url = new URL(host.service('syncshield').httpUrl);
url.username = key;
url.searchParams.set('engage', host.service('syncengage').httpUrl);
url.searchParams.set('flow', host.service('syncflow').httpUrl);
url.searchParams.set('value', host.service('syncvalue').grpcTarget ?? '');
process.send?.({ url: url.href });
