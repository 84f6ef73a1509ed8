import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig, sharedConfig, type Environment } from '@kiki/config';
import { SyncValueClient } from '@kiki/contract-syncvalue';
import { start, type Host, type ServiceName } from '@kiki/host';
import { ExchangeProcess } from '../exchange/exchange-process.js';
import { allDefinitions } from '../installation/definitions.js';
import { Api } from '../platform/api.js';
import { AD_CHANNELS } from './plan.js';
import { SeverableLink } from './severable-link.js';
import { SmtpSink } from './smtp-sink.js';

/** The five services with everything that surrounds them in the demo. */
export interface DemoPlatform {
  readonly host: Host;
  /** Made for this run, so that demos may be repeated on the same stores. */
  readonly tenant: string;
  /** Key of the tenant with all scopes. */
  readonly key: string;
  /** What the services were started with. */
  readonly environment: Environment;
  readonly exchange: ExchangeProcess;
  readonly smtp: SmtpSink;
  /** The way from SyncFlow and SyncEngage to SyncValue. */
  readonly link: SeverableLink;
  readonly value: SyncValueClient;
  readonly api: (service: Exclude<ServiceName, 'syncvalue'>) => Api;
  close(): Promise<void>;
}

/** How long SyncFlow leaves SyncValue alone after failures: short, because the demo cuts it off for a moment only. */
const BREAKER_OPEN_MS = 1_000;
/** Only the cut may make bids fall back, not a machine that is busy: otherwise the digest would depend on it. */
const VALUE_TIMEOUT_MS = 30_000;

/** Starts everything on the stores of the profile; what was started is stopped when something fails. */
export async function openDemoPlatform(
  environment: Environment,
  seed: number,
): Promise<DemoPlatform> {
  const closing: (() => Promise<unknown> | void)[] = [];
  const close = async (): Promise<void> => {
    for (const step of closing.splice(0).reverse()) await step();
  };
  try {
    const smtp = await SmtpSink.start();
    closing.push(() => smtp.close());
    const link = await SeverableLink.open();
    closing.push(() => link.close());
    const exchange = await ExchangeProcess.start(environment);
    closing.push(() => exchange.stop());
    const own = await demoEnvironment(environment, { smtp, link, exchange });
    const host = await start(allDefinitions, { environment: own, portBase: 0 });
    closing.push(() => host.stop());
    const target = host.service('syncvalue').grpcTarget ?? '';
    link.aim(target);
    const { tenant, key } = await makeTenant(host, seed);
    const headers = { authorization: `Bearer ${key}` };
    const value = new SyncValueClient({ target, headers: () => headers });
    closing.push(() => value.close());
    return {
      ...{ host, tenant, key, environment: own, exchange, smtp, link, value, close },
      api: (service) => new Api(host.service(service).httpUrl, key),
    };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Surroundings {
  readonly smtp: SmtpSink;
  readonly link: SeverableLink;
  readonly exchange: ExchangeProcess;
}

/** The operator's settings, with what makes it a demo. */
async function demoEnvironment(
  environment: Environment,
  { smtp, link, exchange }: Surroundings,
): Promise<Environment> {
  const [{ home }] = loadConfig([sharedConfig], environment);
  // A home of its own, so that a running KIKI and the demo do not take each other's jobs.
  const demoHome = environment['KIKI_HOME'] === undefined ? join(home, 'demo') : home;
  await mkdir(demoHome, { recursive: true });
  return {
    KIKI_ENV: 'test',
    LOG_LEVEL: 'error',
    ...environment,
    KIKI_HOME: demoHome,
    SYNCVALUE_URL: `127.0.0.1:${link.port}`,
    SYNCSHIELD_URL: undefined,
    SHIELD_URL: undefined,
    SYNCFLOW_URL: undefined,
    SYNCENGAGE_URL: undefined,
    SYNCCREATE_URL: undefined,
    SYNCFLOW_EXCHANGES: AD_CHANNELS.map((channel) => `${channel}=${exchange.url}`).join(','),
    SYNCFLOW_BREAKER_OPEN_MS: String(BREAKER_OPEN_MS),
    SYNCFLOW_VALUE_TIMEOUT_MS: String(VALUE_TIMEOUT_MS),
    ...mailSettings(smtp),
  };
}

function mailSettings(smtp: SmtpSink): Environment {
  return { SYNCENGAGE_SMTP_URL: `smtp://127.0.0.1:${smtp.port}` };
}

async function makeTenant(
  { auth: { admin } }: Host,
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
