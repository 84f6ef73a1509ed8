import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '@kiki/config';
import { start } from '@kiki/host';
import { allDefinitions } from '../installation/definitions.js';
import { sharedSettings } from '../installation/installation.js';
import type { DemoServices } from './demo-services.js';

/** Starts the five services in this process, on the stores of the profile and on free ports. */
export async function startOwnServices(
  environment: Environment,
  settings: Environment,
): Promise<DemoServices> {
  const own = await ownEnvironment(environment, settings);
  const host = await start(allDefinitions, { environment: own, portBase: 0 });
  return {
    profile: host.profile,
    stores: host.stores,
    admin: host.auth.admin,
    environment: own,
    valueTarget: host.service('syncvalue').grpcTarget ?? '',
    httpUrl: (service) => host.service(service).httpUrl,
    close: () => host.stop(),
  };
}

/** The operator's settings, with what makes it a demo. */
async function ownEnvironment(
  environment: Environment,
  settings: Environment,
): Promise<Environment> {
  const { home } = sharedSettings(environment);
  // A home of its own, so that a running KIKI and the demo do not take each other's jobs.
  const demoHome = environment['KIKI_HOME'] === undefined ? join(home, 'demo') : home;
  await mkdir(demoHome, { recursive: true });
  return {
    KIKI_ENV: 'test',
    LOG_LEVEL: 'error',
    ...environment,
    KIKI_HOME: demoHome,
    SYNCSHIELD_URL: undefined,
    SHIELD_URL: undefined,
    SYNCFLOW_URL: undefined,
    SYNCENGAGE_URL: undefined,
    SYNCCREATE_URL: undefined,
    ...settings,
  };
}
