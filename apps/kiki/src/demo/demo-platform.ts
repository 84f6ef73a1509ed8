import type { AuthAdmin } from '@kiki/auth';
import type { Environment } from '@kiki/config';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { Api } from '../platform/api.js';
import type { DemoServices, HttpService } from './demo-services.js';
import type { DemoOptions } from './options.js';
import { startOwnServices } from './own-services.js';
import { AD_CHANNELS } from './plan.js';
import { attachServices, unprepared } from './served-services.js';
import {
  openStandIns,
  portsOf,
  standInPorts,
  standInSettings,
  type StandIns,
} from './stand-ins.js';

/** The five services with everything that surrounds them in the demo. */
export interface DemoPlatform extends Pick<StandIns, 'exchange' | 'smtp' | 'link'> {
  readonly services: DemoServices;
  /** Made for this run, so that demos may be repeated on the same stores. */
  readonly tenant: string;
  /** Key of the tenant with all scopes. */
  readonly key: string;
  readonly value: SyncValueClient;
  readonly api: (service: HttpService) => Api;
  close(): Promise<void>;
}

/** Starts or finds everything; what was started is stopped when something fails. */
export async function openDemoPlatform(
  environment: Environment,
  { seed, isAttached, standInPort }: DemoOptions,
  signal: AbortSignal,
): Promise<DemoPlatform> {
  const closing: (() => Promise<unknown> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const ports = isAttached ? standInPorts(standInPort) : undefined;
    const standIns = await openStandIns(environment, ports);
    closing.push(() => standIns.close());
    const settings = standInSettings(portsOf(standIns));
    const open = isAttached ? attachServices : startOwnServices;
    const services = await open(environment, settings, signal);
    closing.push(() => services.close());
    const target = services.valueTarget;
    standIns.link.aim(target);
    const { tenant, key } = await makeTenant(services.admin, seed);
    const headers = { authorization: `Bearer ${key}` };
    const value = new SyncValueClient({ target, headers: () => headers });
    closing.push(() => value.close());
    const api = (service: HttpService): Api => new Api(services.httpUrl(service), key);
    const { exchange, smtp, link } = standIns;
    const platform = { services, tenant, key, exchange, smtp, link, value, api, close };
    await acceptKey(platform);
    return platform;
  } catch (error) {
    await close();
    throw error;
  }
}

async function makeTenant(
  admin: AuthAdmin,
  seed: number,
): Promise<{ readonly tenant: string; readonly key: string }> {
  const prefix = `demo-${seed}-`;
  const taken = (await admin.listTenants()).filter(({ tenant }) => tenant.startsWith(prefix));
  const highest = Math.max(0, ...taken.map(({ tenant }) => Number(tenant.slice(prefix.length))));
  const tenant = `${prefix}${highest + 1}`;
  await admin.createTenant({ tenant, name: `Demo with seed ${seed}` });
  const { key } = await admin.createKey({ tenant, name: 'demo', scopes: ['*'], createdBy: 'demo' });
  for (const channel of [...AD_CHANNELS, 'email']) {
    await admin.setLiveChannel({ tenant, channel, isLive: true, changedBy: 'demo' });
  }
  return { tenant, key };
}

/** A call that only reads, of each service. */
const READS: Readonly<Record<HttpService, string>> = {
  syncshield: '/v1/budgets?limit=1',
  syncflow: '/v1/campaigns?limit=1',
  syncengage: '/v1/segments',
  synccreate: '/api/v1/creatives?limit=1',
};

/** Every service knows the key that was just made, so all work on these stores. @throws demo_unprepared */
async function acceptKey({ api, value, tenant, services }: DemoPlatform): Promise<void> {
  const reads = (Object.entries(READS) as [HttpService, string][]).map(
    ([name, path]) => [name, services.httpUrl(name), () => api(name).get(path)] as const,
  );
  const models = (): Promise<unknown> => value.listModels({}, { tenant });
  const all = [...reads, ['syncvalue', services.valueTarget, models] as const];
  const problems = await Promise.all(
    all.map(([name, where, read]) =>
      read().then(
        () => [],
        ({ message }: Error) => [`${name} at ${where} did not accept a key made here: ${message}`],
      ),
    ),
  );
  if (problems.flat().length > 0) throw unprepared(problems.flat());
}
