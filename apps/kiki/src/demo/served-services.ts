import { derivedServiceKey, TENANT_HEADER } from '@kiki/auth';
import { rootSecret, type Environment } from '@kiki/config';
import { DEFAULT_TENANT, kernelErrors, SystemClock } from '@kiki/kernel';
import { openInstallation, sharedSettings } from '../installation/installation.js';
import { errors } from '../errors.js';
import type { DemoServices, HttpService } from './demo-services.js';
import { unlikeSettings, type Settings } from './served-settings.js';

const SERVICES = ['syncshield', 'syncflow', 'syncengage', 'synccreate'] as const;
/** Services may still be starting when the demo is. */
const FIND_MS = 15_000;
const LOOK_EVERY_MS = 250;
const ANSWER_MS = 5_000;

/**
 * Finds the five services that run already, where the shared settings say, and opens their installation as `kiki keys`
 * does. @throws demo_unprepared naming every service and setting that is not as the demo needs it; cancelled
 */
export async function attachServices(
  environment: Environment,
  settings: Settings,
  signal: AbortSignal,
): Promise<DemoServices> {
  const own = { LOG_LEVEL: 'error', ...environment };
  const urls = addresses(own, settings);
  const installation = await openInstallation(own);
  try {
    const { shared, profile, stores, auth, close } = installation;
    const key = derivedServiceKey(rootSecret(shared), 'kiki');
    const looks = await Promise.all(
      SERVICES.map((name) => look({ name, url: urls[name], profile, key, signal })),
    );
    const shown = looks.flatMap((one) => ('shown' in one ? [[one.name, one.shown]] : []));
    const problems = looks.flatMap((one) => ('problem' in one ? one.problem : []));
    problems.push(...unlikeSettings(settings, Object.fromEntries(shown) as Shown));
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

type Shown = Readonly<Partial<Record<HttpService, Settings>>>;

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

interface Looking {
  readonly name: HttpService;
  readonly url: string;
  readonly profile: string;
  /** The operator's own, which every process of one installation derives. */
  readonly key: string;
  readonly signal: AbortSignal;
}

type Look =
  | { readonly name: HttpService; readonly problem: string }
  | { readonly name: HttpService; readonly shown: Settings };

/** Reads `/ready`, and waits a little for a service that is not there yet; then `/settings`. */
async function look(looking: Looking): Promise<Look> {
  const { name, url, key, signal } = looking;
  const clock = new SystemClock();
  const untilMs = clock.monotonicMs() + FIND_MS;
  let body = await read<ReadyBody>(`${url}/ready`, signal);
  while ((body === undefined || body.status === 'unready') && clock.monotonicMs() < untilMs) {
    await clock.sleep(LOOK_EVERY_MS, signal);
    body = await read<ReadyBody>(`${url}/ready`, signal);
  }
  const where = `${url} (${name.toUpperCase()}_URL)`;
  const problem = problemOf(looking, where, body);
  if (problem !== undefined) return { name, problem };
  const headers = { authorization: `Bearer ${key}`, [TENANT_HEADER]: DEFAULT_TENANT };
  const answer = await read<SettingsBody>(`${url}/settings`, signal, headers);
  if (answer?.settings !== undefined) return { name, shown: answer.settings };
  const refusal = answer?.code === undefined ? '' : ` (${answer.code})`;
  const hint = 'is it started with the KIKI_HOME or KIKI_SECRET of this shell?';
  return { name, problem: `${name} at ${where} does not show its settings${refusal}: ${hint}` };
}

interface ReadyBody {
  readonly status?: string;
  readonly service?: string;
  readonly profile?: string;
}

interface SettingsBody {
  readonly settings?: Settings;
  /** Of a refusal. */
  readonly code?: string;
}

function problemOf(
  { name, profile }: Looking,
  where: string,
  body: ReadyBody | undefined,
): string | undefined {
  if (body === undefined) return `${name} does not answer at ${where}.`;
  if (body.service !== name) return `${body.service ?? 'Another program'} answers at ${where}.`;
  if (body.status === 'unready') return `${name} at ${where} is not ready.`;
  if (body.profile === profile) return undefined;
  return `${name} at ${where} runs on profile ${body.profile}, this shell on ${profile}.`;
}

/** The JSON of an answer, `{}` where it is none, undefined where nobody answers. @throws cancelled */
async function read<T extends object>(
  url: string,
  signal: AbortSignal,
  headers: Record<string, string> = {},
): Promise<T | Partial<T> | undefined> {
  try {
    const until = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
    const response = await fetch(url, { headers, redirect: 'error', signal: until });
    return (await response.json()) as T;
  } catch (error) {
    if (signal.aborted) throw kernelErrors.cancelled(undefined, {}, { cause: error });
    return error instanceof SyntaxError ? {} : undefined;
  }
}
