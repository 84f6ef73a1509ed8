import {
  status,
  type sendUnaryData,
  type Server,
  type ServerUnaryCall,
  type ServerWritableStream,
} from '@grpc/grpc-js';
import { protoPath, service as healthService } from 'grpc-health-check';

/** A service's answer to a health check. */
export type Serving = 'SERVING' | 'NOT_SERVING';

interface HealthRequest {
  readonly service: string;
}

interface HealthResponse {
  readonly status: Serving | 'SERVICE_UNKNOWN';
}

type Watcher = ServerWritableStream<HealthRequest, HealthResponse>;

/** The .proto of grpc.health.v1, for reflection. */
export const HEALTH_PROTO_PATH = protoPath;

/** Full name of the health service. */
export const HEALTH_SERVICE = 'grpc.health.v1.Health';

/**
 * grpc.health.v1: `Check` answers NOT_FOUND for an unknown service, `Watch` SERVICE_UNKNOWN and
 * every change after it, `List` knows all.
 * Once draining everything is NOT_SERVING for good.
 */
export class GrpcHealth {
  private readonly statuses = new Map<string, Serving>();
  private readonly watchers = new Map<string, Set<Watcher>>();
  private isDraining = false;

  /** @param services full names; the empty name (the whole server) is always known */
  constructor(services: readonly string[]) {
    for (const name of ['', ...services]) this.statuses.set(name, 'SERVING');
  }

  /** Changes one service's status and tells its watchers; ignored while draining. */
  set(service: string, serving: Serving): void {
    if (this.isDraining || this.statuses.get(service) === serving) return;
    this.statuses.set(service, serving);
    this.publish(service, serving);
  }

  /** Changes every service's status, e.g. from readiness. */
  setAll(serving: Serving): void {
    for (const name of [...this.statuses.keys()]) this.set(name, serving);
  }

  /** NOT_SERVING everywhere, for good. */
  drain(): void {
    this.setAll('NOT_SERVING');
    this.isDraining = true;
  }

  /** Ends every Watch, so that a shutdown need not wait for them. */
  endWatches(): void {
    for (const watchers of this.watchers.values()) for (const watcher of watchers) watcher.end();
    this.watchers.clear();
  }

  /** Adds the service to a server. */
  addTo(server: Pick<Server, 'addService'>): void {
    server.addService(healthService, {
      check: (
        call: ServerUnaryCall<HealthRequest, HealthResponse>,
        done: sendUnaryData<HealthResponse>,
      ) => this.check(call.request.service, done),
      list: (_call: unknown, done: sendUnaryData<object>) =>
        done(null, { statuses: this.listed() }),
      watch: (call: Watcher) => this.watch(call),
    });
  }

  private listed(): Record<string, HealthResponse> {
    return Object.fromEntries(
      [...this.statuses].map(([name, serving]) => [name, { status: serving }]),
    );
  }

  private publish(service: string, serving: Serving): void {
    for (const watcher of this.watchers.get(service) ?? []) watcher.write({ status: serving });
  }

  private check(service: string, done: sendUnaryData<HealthResponse>): void {
    const serving = this.statuses.get(service);
    if (serving) return done(null, { status: serving });
    done({ code: status.NOT_FOUND, details: `No service ${service} is served here.` });
  }

  private watch(call: Watcher): void {
    const name = call.request.service;
    const watchers = this.watchers.get(name) ?? new Set<Watcher>();
    this.watchers.set(name, watchers.add(call));
    call.on('cancelled', () => watchers.delete(call));
    call.write({ status: this.statuses.get(name) ?? 'SERVICE_UNKNOWN' });
  }
}
