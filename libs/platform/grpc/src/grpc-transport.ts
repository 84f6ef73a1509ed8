import {
  Server as GrpcServer,
  ServerCredentials,
  status,
  type UntypedHandleCall,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { type Clock, kernelErrors } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Metrics } from '@kiki/metrics';
import { type MessageHandler, Server, Transport } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { callMetrics, type StartCall } from './call-metrics.js';
import { type GrpcMethodInfo, type GrpcService, methodsOf } from './definition.js';
import { asDomainError, type GrpcFailure, toGrpcFailure } from './error-mapping.js';
import { GrpcHealth } from './health.js';
import { DEFAULT_LIMITS, type GrpcLimits, serverOptions } from './limits.js';
import { addReflection } from './reflection.js';
import { isAsyncIterable, OpenCall, type RawCall, requestsOf, writeAll } from './server-call.js';

/** What a gRPC server of one service needs. */
export interface GrpcTransportOptions {
  readonly services: readonly GrpcService[];
  /** Address to listen on. @default '127.0.0.1' */
  readonly host?: string;
  /** 0 takes a free one; read it from `port` afterwards. */
  readonly port: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly limits?: GrpcLimits;
}

/** What went wrong with a stream is known from elsewhere, too. */
const ignore = (): void => undefined;

type Reply = (error: GrpcFailure | null, value?: unknown) => void;

/**
 * Nest's transport for gRPC: handlers are found by `@GrpcMethod` / `@GrpcStreamMethod`, take requests (or an
 * AsyncIterable of them) and return answers (or an AsyncIterable). Health and reflection are built in.
 */
export class GrpcTransport extends Server {
  override readonly transportId = Transport.GRPC;
  /** Health of the server and of each service. */
  readonly health: GrpcHealth;
  private readonly limits: Required<GrpcLimits>;
  private readonly open = new Set<OpenCall>();
  private readonly startCall: StartCall;
  private server: GrpcServer | undefined;
  private boundPort = 0;

  constructor(private readonly options: GrpcTransportOptions) {
    super();
    this.limits = { ...DEFAULT_LIMITS, ...options.limits };
    this.health = new GrpcHealth(options.services.map((service) => service.name));
    this.startCall = callMetrics(options.metrics, () => options.clock.monotonicMs());
  }

  /** The port that is listened on; 0 before `listen`. */
  get port(): number {
    return this.boundPort;
  }

  /** Called by Nest: binds the port and serves. */
  override listen(callback: (error?: unknown) => void): void {
    this.start().then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  }

  /** Tells balancers and watchers to go elsewhere; calls are still served. */
  drain(): void {
    this.health.drain();
  }

  /** Drains: no new calls, running ones get `drainMs`, then they are aborted. */
  override async close(): Promise<void> {
    const server = this.server;
    if (!server) return;
    this.server = undefined;
    this.drain();
    this.health.endWatches();
    const isDone = new Promise<void>((resolve) => server.tryShutdown(() => resolve()));
    const grace = new AbortController();
    const timeUp = this.options.clock.sleep(this.limits.drainMs, grace.signal).then(
      () => this.abortAll(),
      () => undefined,
    );
    await Promise.race([isDone, timeUp]);
    grace.abort();
    server.forceShutdown();
  }

  /** Called by Nest for each decorated handler. */
  override addHandler(pattern: unknown, handler: MessageHandler): void {
    this.messageHandlers.set(JSON.stringify(pattern), handler);
  }

  override on(): never {
    throw new Error('the gRPC transport has no events');
  }

  override unwrap<T>(): T {
    return this.server as T;
  }

  private async start(): Promise<void> {
    const server = new GrpcServer(serverOptions(this.limits));
    for (const service of this.options.services) {
      server.addService(service.definition, this.implementationOf(service));
    }
    this.health.addTo(server);
    addReflection(server, this.options.services);
    this.boundPort = await this.bind(server);
    this.server = server;
  }

  private bind(server: GrpcServer): Promise<number> {
    const address = `${this.options.host ?? '127.0.0.1'}:${this.options.port}`;
    return new Promise((resolve, reject) => {
      server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(port),
      );
    });
  }

  private implementationOf(service: GrpcService): UntypedServiceImplementation {
    const implementation: UntypedServiceImplementation = {};
    for (const method of methodsOf(service)) {
      const key = method.name.charAt(0).toLowerCase() + method.name.slice(1);
      const handler = this.handlerOf(service, method);
      implementation[key] = this.serve(method, handler) as UntypedHandleCall;
    }
    return implementation;
  }

  private handlerOf(service: GrpcService, method: GrpcMethodInfo): MessageHandler {
    const shortName = service.name.slice(service.name.lastIndexOf('.') + 1);
    const streaming = method.requestStream ? 'rx_stream' : 'no_stream';
    for (const name of [shortName, service.name]) {
      const pattern = JSON.stringify({ service: name, rpc: method.name, streaming });
      const handler = this.messageHandlers.get(pattern);
      if (handler) return handler;
    }
    throw new Error(`no handler for ${method.path}: add @GrpcMethod or @GrpcStreamMethod`);
  }

  private serve(method: GrpcMethodInfo, handler: MessageHandler) {
    return async (call: RawCall, reply?: Reply): Promise<void> => {
      const end = this.startCall(method.name);
      const opened = new OpenCall(call, this.options.clock);
      this.open.add(opened);
      call.on('error', ignore);
      try {
        await this.answer(method, handler, call, opened, reply);
        end(status.OK);
      } catch (error) {
        end(this.refuse(method, call, opened, error, reply));
      } finally {
        opened.finish();
        this.open.delete(opened);
      }
    };
  }

  private async answer(
    method: GrpcMethodInfo,
    handler: MessageHandler,
    call: RawCall,
    opened: OpenCall,
    reply?: Reply,
  ): Promise<void> {
    opened.throwIfAborted();
    if (method.requestStream || method.responseStream) opened.endAtDeadline();
    const input = method.requestStream ? requestsOf(call, opened.signal) : call.request;
    const given: unknown = await handler(input, call.metadata);
    const result = isObservable(given) ? await lastValueFrom(given) : given;
    // A handler that ended because it was told to has no answer.
    opened.throwIfAborted();
    if (!method.responseStream) return reply?.(null, result);
    if (!isAsyncIterable(result)) throw new Error(`${method.path} must return an AsyncIterable`);
    await writeAll(call, result, opened.signal);
    call.end?.();
  }

  private refuse(
    method: GrpcMethodInfo,
    call: RawCall,
    { reason }: OpenCall,
    thrown: unknown,
    reply?: Reply,
  ): status {
    const error = asDomainError(reason ?? thrown);
    if (error.kind === 'internal') {
      this.options.logger.error('gRPC call failed', {
        path: method.path,
        error: error.cause ?? error,
      });
    }
    const failure = toGrpcFailure(error);
    if (reply) reply(failure);
    else call.emit('error', failure);
    return failure.code;
  }

  private abortAll(): void {
    const reason = kernelErrors.unavailable('The server is shutting down.');
    for (const opened of this.open) opened.abort(reason);
  }
}
