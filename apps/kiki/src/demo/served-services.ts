import type { Environment } from '@kiki/config';
import { openInstallation, sharedSettings } from '../installation/installation.js';
import { errors } from '../errors.js';
import type { DemoServices, HttpService } from './demo-services.js';
import { unlikeSettings, type ReadyChecks } from './served-settings.js';

const SERVICES = ['syncshield', 'syncflow', 'syncengage', 'synccreate'] as const;
/** Services may still be starting when the demo is. */
const FIND_MS = 15_000;
const LOOK_EVERY_MS = 250;

/**
 * Finds the five services that run already, where the shared settings say, and opens their installation as `kiki keys`
 * does. @throws demo_unprepared naming every service and setting that is not as the demo needs it
 */
export async function attachServices(
  environment: Environment,
  settings: Readonly<Record<string, string>>,
): Promise<DemoServices> {
  const own = { LOG_LEVEL: 'error', ...environment };
  const urls = addresses(own, settings);
  const installation = await openInstallation(own);
  try {
    const { profile, stores, auth, close } = installation;
    const looks = await Promise.all(SERVICES.map((name) => look(name, urls[name], profile)));
    const checks = Object.assign({}, ...looks.map((one) => one.checks)) as ReadyChecks;
    const problems = looks.flatMap((one) => one.problems);
    const found = looks.filter((one) => one.problems.length === 0).map(({ name }) => name);
    problems.push(...unlikeSettings(settings, checks, found));
    if (problems.length > 0) throw unprepared(problems);
    return {
      ...{ profile, stores, admin: auth.admin, close, valueTarget: urls.syncvalue },
      environment: { ...own, ...settings },
      httpUrl: (service) => urls[service],
    };
  } catch (error) {
    await installation.close();
    throw error;
  }
}

/** Names all that is wrong. */
export function unprepared(problems: readonly string[]): Error {
  return errors.demo_unprepared(problems.join(' '), { problems });
}

type Addresses = Readonly<Record<HttpService | 'syncvalue', string>>;

function addresses(
  environment: Environment,
  settings: Readonly<Record<string, string>>,
): Addresses {
  // A shell that was prepared like the others names the demo's own link: SyncValue is then where it is by default.
  const isLink = environment['SYNCVALUE_URL'] === settings['SYNCVALUE_URL'];
  const shared = sharedSettings({ ...environment, ...(isLink && { SYNCVALUE_URL: undefined }) });
  return {
    syncvalue: shared.syncvalueUrl,
    syncshield: shared.syncshieldUrl,
    syncflow: shared.syncflowUrl,
    syncengage: shared.syncengageUrl,
    synccreate: shared.synccreateUrl,
  };
}

interface Look {
  readonly name: HttpService;
  readonly problems: readonly string[];
  readonly checks: ReadyChecks;
}

interface ReadyBody {
  readonly status?: string;
  readonly service?: string;
  readonly profile?: string;
  readonly checks?: ReadyChecks;
}

/** Reads `/ready`, and waits a little for a service that is not there yet. */
async function look(name: HttpService, url: string, profile: string): Promise<Look> {
  const untilMs = performance.now() + FIND_MS;
  let body = await ready(url);
  while ((body === undefined || body.status === 'unready') && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    body = await ready(url);
  }
  const problem = problemOf(name, url, profile, body);
  return { name, problems: problem === undefined ? [] : [problem], checks: body?.checks ?? {} };
}

function problemOf(
  name: HttpService,
  url: string,
  profile: string,
  body: ReadyBody | undefined,
): string | undefined {
  const where = `${url} (${name.toUpperCase()}_URL)`;
  if (body === undefined) return `${name} does not answer at ${where}.`;
  if (body.service !== name) return `${body.service ?? 'Another program'} answers at ${where}.`;
  if (body.status === 'unready') return `${name} at ${where} is not ready.`;
  if (body.profile === profile) return undefined;
  return `${name} at ${where} runs on profile ${body.profile}, this shell on ${profile}.`;
}

async function ready(url: string): Promise<ReadyBody | undefined> {
  try {
    const response = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(5_000) });
    return (await response.json()) as ReadyBody;
  } catch (error) {
    return error instanceof SyntaxError ? {} : undefined;
  }
}
