import type { CanActivate, DynamicModule, INestApplication, LoggerService } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import {
  LogController,
  type FastifyInstance,
  type FastifyReply,
  type FastifyServerOptions,
} from 'fastify';
import { SystemClock } from '@kiki/kernel';
import { PinoLogger, type Logger } from '@kiki/logging';
import { HttpRed, type Metrics } from '@kiki/metrics';
import { edgeError } from './edge-error.js';
import { errors } from './errors.js';
import { ProblemFilter } from './problem.filter.js';
import { InFlight } from './in-flight.js';
import { installRequestHooks } from './request-hooks.js';
import { requestIds } from './request-ids.js';
import { SchemaPipe } from './schema.pipe.js';

/** What the edge of an HTTP service needs. */
export interface HttpOptions {
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Refuses what is not allowed; runs before every route. */
  readonly guard?: CanActivate;
  /** @default 4 MiB */
  readonly bodyLimitBytes?: number;
  /** Longest time from the first byte to the answer, milliseconds. @default 30000 */
  readonly requestTimeoutMs?: number;
  /** Origins whose pages may call; none by default. */
  readonly corsOrigins?: readonly string[];
  /**
   * Number of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed: callers' addresses, and whether
   * browsers are told to stay with HTTPS, depend on it. @default 0
   */
  readonly trustedProxies?: number;
  /** One log line per request. @default false */
  readonly hasAccessLog?: boolean;
  /** What Nest itself has to say; silent by default. */
  readonly nestLogger?: LoggerService | false;
}

const DEFAULT_TIMEOUT_MS = 30_000;

/** A Nest application on Fastify with the platform's edge installed, and how to drain it. */
export interface HttpApplication {
  readonly app: NestFastifyApplication;
  /** Stops listening and waits until no request is in flight, at most `graceMs`; false when some still were. */
  drain(graceMs: number): Promise<boolean>;
}

/** Answers of Fastify itself (bad JSON, too large) get a code of the catalogue instead of Nest's exceptions. */
class EdgeAdapter extends FastifyAdapter {
  override mapException(error: unknown): unknown {
    return edgeError(error);
  }
}

/** Builds the application; call `app.init()` for `inject()` or `app.listen()` for a port. */
export async function createHttpApplication(
  module: DynamicModule,
  options: HttpOptions,
): Promise<HttpApplication> {
  // No service uses Express-like middleware; without it, looking for it is saved as well.
  const adapter = new EdgeAdapter({ ...fastifyOptions(options), skipMiddie: true });
  const inFlight = new InFlight(options.requestTimeoutMs ?? DEFAULT_TIMEOUT_MS, giveUp);
  const fastify = adapter.getInstance<FastifyInstance>();
  fastify.removeContentTypeParser('text/plain');
  fastify.addHook('onClose', () => inFlight.close());
  installRequestHooks(fastify, inFlight, {
    red: new HttpRed(options.metrics),
    ...(options.hasAccessLog && options.logger instanceof PinoLogger
      ? { accessLog: options.logger }
      : {}),
  });
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    logger: options.nestLogger ?? false,
    abortOnError: false,
    // Fastify's own parser of JSON; Nest's makes a new one per request.
    bodyParser: false,
  });
  installEdge(app, options);
  return { app, drain: (graceMs) => drain(app, inFlight, graceMs) };
}

/** The cross-cutting parts of every HTTP application. */
export function installEdge(app: INestApplication, options: HttpOptions): void {
  app.useGlobalFilters(new ProblemFilter(options.logger));
  app.useGlobalPipes(new SchemaPipe());
  if (options.guard !== undefined) app.useGlobalGuards(options.guard);
  const origins = [...(options.corsOrigins ?? [])];
  if (origins.length > 0) {
    const exposedHeaders = ['x-request-id', 'retry-after', 'idempotency-replayed'];
    app.enableCors({ origin: origins, exposedHeaders, maxAge: 600 });
  }
}

/** Answers a request that takes too long; one whose answer has begun can only be cut off. */
function giveUp(reply: FastifyReply): void {
  if (reply.sent) return;
  if (reply.raw.headersSent) reply.raw.destroy();
  else void reply.send(errors.request_timeout());
}

function fastifyOptions(options: HttpOptions): FastifyServerOptions {
  const {
    bodyLimitBytes = 4_194_304,
    requestTimeoutMs = DEFAULT_TIMEOUT_MS,
    trustedProxies = 0,
  } = options;
  return {
    logger: false,
    logController: new LogController({ disableRequestLogging: true }),
    genReqId: requestIds(),
    bodyLimit: bodyLimitBytes,
    // The whole request must arrive within this time; that the answer is ready is watched by InFlight.
    requestTimeout: requestTimeoutMs,
    connectionTimeout: 0,
    keepAliveTimeout: 65_000,
    trustProxy: trustedProxies === 0 ? false : (_address, hop) => hop < trustedProxies,
    forceCloseConnections: 'idle',
    // Ids of 128 characters, percent-encoded, and signed tokens travel in paths.
    routerOptions: { maxParamLength: 2048 },
  };
}

async function drain(
  app: NestFastifyApplication,
  inFlight: InFlight,
  graceMs: number,
): Promise<boolean> {
  inFlight.isDraining = true;
  const server = app.getHttpServer();
  server.close();
  server.closeIdleConnections();
  const clock = new SystemClock();
  const deadline = clock.monotonicMs() + graceMs;
  while (inFlight.count > 0 && clock.monotonicMs() < deadline) {
    await clock.sleep(10);
    server.closeIdleConnections();
  }
  if (inFlight.count > 0) return false;
  // What is left has asked nothing: Node takes such a connection for a busy one, and closing would wait for it.
  server.closeAllConnections();
  return true;
}
