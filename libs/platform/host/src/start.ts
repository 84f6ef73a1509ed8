import type { Auth, PeerName } from '@kiki/auth';
import { readEnvironment, type Environment, type Profile } from '@kiki/config';
import { SystemClock, SystemRandom, type Clock, type Random } from '@kiki/kernel';
import { PinoLogger, type Logger } from '@kiki/logging';
import { errors } from './errors.js';
import { peerUrls } from './peer-urls.js';
import { planPorts, type ServicePorts } from './ports.js';
import { openProcessStores, type ProcessStores } from './process-stores.js';
import type { RunningService } from './running-service.js';
import { buildService, type BuiltService, type StartedService } from './service-application.js';
import type { AnyServiceDefinition, ServiceName } from './service-definition.js';
import { loadSettings, type HostSettings } from './settings.js';
import { Teardown } from './teardown.js';

/** How services are started. */
export interface StartOptions {
  /** Variables to read. @default the process's environment */
  readonly environment?: Environment;
  /** N: ports N, N+1, …; 0: free ports everywhere. @default as configured */
  readonly portBase?: number;
  /** The time that the services see; the host itself lives by the machine's. @default the machine's clock */
  readonly clock?: Clock;
  /** @default the machine's randomness */
  readonly random?: Random;
  /** Told about each service as soon as it listens. */
  readonly onReady?: (service: RunningService) => void;
}

/** Started services; they run until `stop()`. */
export interface Host {
  /** In the order in which they started. */
  readonly services: readonly RunningService[];
  readonly profile: Profile;
  /** e.g. `PostgreSQL 18.4, embedded`. */
  readonly stores: string;
  /** The first key of a new installation: to be shown once. */
  readonly firstKey?: string;
  /** Tenants, keys and live channels of the installation. */
  readonly auth: Auth;
  /** @throws service_unknown */
  service(name: ServiceName): RunningService;
  /** Turns unready, drains within KIKI_DRAIN_GRACE_MS, closes everything in reverse; safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Starts services in this process: reads every configuration, opens the stores, migrates, builds one application per
 * service, listens. Whatever was opened is closed again when one of them cannot start.
 * @throws config_invalid, port_in_use, redis_unfit, postgres_not_durable, unavailable and their kin
 */
export async function start(
  definitions: readonly AnyServiceDefinition[],
  options: StartOptions = {},
): Promise<Host> {
  const settings = loadSettings(definitions, options.environment ?? readEnvironment());
  const logger = PinoLogger.create({
    level: settings.shared.logLevel,
    fields: { service: 'host' },
  });
  const teardown = new Teardown((error) => logger.warn('something did not close well', { error }));
  try {
    const ports = await takePorts(settings, options.portBase, teardown);
    const stores = await openProcessStores(settings, logger, teardown);
    const started = await startAll({ settings, ports, stores, teardown, options });
    const firstKey = (await stores.auth.admin.ensureFirstKey())?.key;
    return hostOf({ settings, stores, started, teardown, logger, firstKey });
  } catch (error) {
    await teardown.run();
    throw error;
  }
}

type Ports = ReadonlyMap<PeerName, ServicePorts>;

async function takePorts(
  { services, shared }: HostSettings,
  portBase: number | undefined,
  teardown: Teardown,
): Promise<Ports> {
  const ports = new Map<PeerName, ServicePorts>();
  for (const service of services) {
    const planned = await planPorts(service, portBase, shared.bindHost);
    teardown.add(() => Promise.all([planned.http.release(), planned.grpc?.release()]));
    ports.set(service.definition.name, planned);
  }
  return ports;
}

interface Starting {
  readonly settings: HostSettings;
  readonly ports: Ports;
  readonly stores: ProcessStores;
  readonly teardown: Teardown;
  readonly options: StartOptions;
}

/** Builds all before the first listens: callers who wait at its door must not slow down the building of the rest. */
async function startAll(starting: Starting): Promise<StartedService[]> {
  const { settings, ports, stores, teardown, options } = starting;
  const { clock = new SystemClock(), random = new SystemRandom(), portBase } = options;
  const urls = peerUrls(settings, ports, portBase);
  const built: BuiltService[] = [];
  for (const service of settings.services) {
    const { name } = service.definition;
    const own = ports.get(name);
    if (own === undefined) throw new Error(`no ports were planned for ${name}`);
    const peers = stores.auth.peers(name, urls, service.endpoint.serviceKey);
    const context = { settings, service, stores, ports: own, peers, clock, random, teardown };
    built.push(await buildService(context));
  }
  const started: StartedService[] = [];
  for (const service of built) {
    const one = await service.listen();
    started.push(one);
    options.onReady?.(one.running);
  }
  return started;
}

interface Started {
  readonly settings: HostSettings;
  readonly stores: ProcessStores;
  readonly started: readonly StartedService[];
  readonly teardown: Teardown;
  readonly logger: Logger;
  readonly firstKey: string | undefined;
}

function hostOf(all: Started): Host {
  const { settings, stores, started, firstKey } = all;
  const services = started.map(({ running }) => running);
  const { version, mode } = stores.postgres;
  let stopping: Promise<void> | undefined;
  return {
    services,
    profile: settings.profile,
    stores: `PostgreSQL ${version}, ${mode}${stores.redis === undefined ? '' : '; Redis'}`,
    ...(firstKey !== undefined && { firstKey }),
    auth: stores.auth,
    service(name) {
      const found = services.find((service) => service.name === name);
      if (found === undefined) throw errors.service_unknown(`${name} was not started here.`);
      return found;
    },
    stop: () => (stopping ??= stopAll(all)),
  };
}

/** Closing the stores after the drain may take this much longer than the drain. */
const CLOSE_MS = 10_000;

async function stopAll(all: Started): Promise<void> {
  const { settings, started, logger } = all;
  const clock = new SystemClock();
  const { drainDelayMs, drainGraceMs } = settings.shared;
  for (const { shutdown } of started) shutdown.announce();
  await clock.sleep(drainDelayMs);
  const isOver = new AbortController();
  const timeUp = clock.sleep(drainGraceMs + CLOSE_MS, isOver.signal).then(
    () => logger.error('stopping took too long and was given up'),
    () => undefined,
  );
  const closed = closeAll(all, clock.monotonicMs() + drainGraceMs).finally(() => isOver.abort());
  await Promise.race([closed, timeUp]);
}

async function closeAll({ started, teardown, logger }: Started, deadlineMs: number): Promise<void> {
  for (const { shutdown } of started.toReversed()) {
    await shutdown.finish(deadlineMs).catch((error: unknown) => {
      logger.error('a service did not stop well', { error });
    });
  }
  await teardown.run();
}
