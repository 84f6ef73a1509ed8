import type { KikiGuard, Peers } from '@kiki/auth';
import { connectGrpc, type GrpcTransport } from '@kiki/grpc';
import { ServiceReadiness } from '@kiki/health';
import {
  createHttpApplication,
  Cursors,
  openApiOf,
  OpenApiSource,
  PostgresIdempotencyStore,
  type HttpApplication,
  type OpenApiDocument,
} from '@kiki/http';
import { SystemClock, type Clock, type Random } from '@kiki/kernel';
import { PinoLogger, type Logger } from '@kiki/logging';
import { ServiceMetrics, type Metrics } from '@kiki/metrics';
import { NestLog } from './nest-log.js';
import { portFault, reachable, type ServicePorts } from './ports.js';
import type { ProcessStores } from './process-stores.js';
import { addReadiness } from './readiness-checks.js';
import { ServiceShutdown, type RunningService } from './running-service.js';
import { serviceModule } from './service-module.js';
import { openServiceStores, type ServiceStores } from './service-stores.js';
import { settingsAnswer } from './settings.controller.js';
import type { HostSettings, ServiceSettings } from './settings.js';
import type { Teardown } from './teardown.js';
import { VERSION } from './version.js';

/** What one service is built with. */
export interface ServiceContext {
  readonly settings: HostSettings;
  readonly service: ServiceSettings;
  readonly stores: ProcessStores;
  readonly ports: ServicePorts;
  readonly peers: Peers;
  readonly clock: Clock;
  readonly random: Random;
  readonly teardown: Teardown;
}

/** A service that is built but cannot be reached yet. */
export interface BuiltService {
  /** Opens its ports. @throws port_in_use */
  listen(): Promise<StartedService>;
}

/** A listening service and how it stops. */
export interface StartedService {
  readonly running: RunningService;
  readonly shutdown: ServiceShutdown;
}

interface Tools {
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly readiness: ServiceReadiness;
}

/** Builds one service on its stores. @throws what its stores and module throw */
export async function buildService(context: ServiceContext): Promise<BuiltService> {
  const { settings, service, teardown } = context;
  const { name, title, endpoints } = service.definition;
  const tools: Tools = {
    logger: PinoLogger.create({ level: settings.shared.logLevel, fields: { service: name } }),
    metrics: new ServiceMetrics(name, VERSION),
    readiness: new ServiceReadiness(),
  };
  const signer = context.stores.auth.payloadSigner(name, service.endpoint.serviceKey);
  const stores = await openServiceStores({ ...context, ...tools, signer });
  addReadiness(tools.readiness, context.stores, stores, settings.profile);
  const guard = context.stores.auth.guard(stores.limiter);
  const http = await createApplication(context, tools, stores, guard);
  let isClosed = false;
  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    await http.app.close();
  };
  teardown.add(close);
  const grpc = endpoints.grpc && serveGrpc(context, tools, http, guard);
  await http.app.init();
  return {
    listen: async () => {
      await listen(context, http, grpc);
      const parts = { http, grpc, queues: stores.queues, clock: new SystemClock(), ...tools };
      const shutdown = new ServiceShutdown({ ...parts, close });
      void shutdown.followReadiness();
      const { bindHost } = settings.shared;
      const running: RunningService = {
        ...{ name, title, app: http.app },
        httpUrl: `http://${reachable(bindHost, context.ports.http.port)}`,
        ...(grpc && { grpcTarget: reachable(bindHost, grpc.port) }),
      };
      return { running, shutdown };
    },
  };
}

async function createApplication(
  context: ServiceContext,
  tools: Tools,
  stores: ServiceStores,
  guard: KikiGuard,
): Promise<HttpApplication> {
  const { settings, service, clock, random, peers } = context;
  const { shared } = settings;
  const { auth, secret } = context.stores;
  const { name, title, summary } = service.definition;
  const openApi = new LateOpenApi();
  const parts = {
    ...stores,
    ...tools,
    objects: context.stores.objects.store,
    ...{ clock, random, peers, openApi, config: service.config },
    settings: settingsAnswer(settings, service, peers),
    info: { service: name, version: VERSION, profile: settings.profile },
    authenticator: auth.authenticator,
    urlSigner: auth.urlSigner,
    payloadSigner: auth.payloadSigner(name, service.endpoint.serviceKey),
    liveChannels: auth.liveChannels,
    cursors: new Cursors(secret),
    idempotency: new PostgresIdempotencyStore(stores.database, clock, random),
  };
  const open = {
    isMetricsPublic: shared.isMetricsPublic,
    isDocsPublic: settings.host.isDocsPublic,
  };
  const { logger, metrics } = tools;
  const http = await createHttpApplication(serviceModule(service.definition, parts, open), {
    ...{ logger, metrics, guard, nestLogger: new NestLog(logger) },
    bodyLimitBytes: shared.bodyLimitBytes,
    requestTimeoutMs: shared.requestTimeoutMs,
    corsOrigins: shared.corsOrigins,
    trustedProxies: shared.trustedProxies,
    hasAccessLog: shared.hasAccessLog,
  });
  openApi.make = () => openApiOf(http.app, { title, summary, version: VERSION });
  return http;
}

function serveGrpc(
  { settings, service, ports }: ServiceContext,
  { logger, metrics }: Tools,
  http: HttpApplication,
  guard: KikiGuard,
): GrpcTransport {
  const { bindHost, drainGraceMs } = settings.shared;
  return connectGrpc(http.app, {
    services: service.definition.endpoints.grpc?.services ?? [],
    ...{ host: bindHost, port: ports.grpc?.port ?? 0, clock: new SystemClock(), logger, metrics },
    limits: { drainMs: drainGraceMs },
    guards: [guard],
  });
}

async function listen(
  { settings, service, ports }: ServiceContext,
  http: HttpApplication,
  grpc: GrpcTransport | undefined,
): Promise<void> {
  const prefix = service.definition.name.toUpperCase();
  const host = settings.shared.bindHost;
  const explain = (port: number, variable: string) => (error: unknown) => {
    throw portFault(error, { port, host, variable });
  };
  if (grpc !== undefined && ports.grpc !== undefined) {
    await ports.grpc.release();
    const explainGrpc = explain(ports.grpc.port, `${prefix}_GRPC_PORT`);
    await http.app.startAllMicroservices().catch(explainGrpc);
  }
  const { port } = ports.http;
  await ports.http.release();
  await http.app.listen(port, host).catch(explain(port, `${prefix}_HTTP_PORT`));
}

/** The document of an application is made from the application itself, at the first call. */
class LateOpenApi extends OpenApiSource {
  make: (() => OpenApiDocument) | undefined;
  private made: OpenApiDocument | undefined;

  override document(): OpenApiDocument {
    const made = this.made ?? this.make?.();
    if (made === undefined) throw new Error('the application is not built yet');
    return (this.made = made);
  }
}
