import type { ConfigOf, ConfigSchema, ConfigVariables } from '@kiki/config';
import type { GrpcService } from '@kiki/grpc';
import type { DynamicModule } from '@nestjs/common';

/** The five services. */
export type ServiceName = 'syncvalue' | 'syncshield' | 'syncflow' | 'synccreate' | 'syncengage';

/** Default endpoint of a service; `--port-base` and `<SERVICE>_HTTP_PORT` / `<SERVICE>_GRPC_PORT` override it. */
export interface Endpoints {
  /** HTTP port: API and `/health /ready /metrics /settings` (only the latter four for SyncValue). */
  readonly httpPort: number;
  /** Set for SyncValue: gRPC port and the generated services; `connectGrpc` of `@kiki/grpc` serves them. */
  readonly grpc?: {
    readonly port: number;
    readonly services: readonly GrpcService[];
  };
}

/**
 * A service as a value that a process starts. `apps/<service>` starts one, `apps/kiki` starts five.
 * The host provides in each service's Nest application, ready to inject by class: Clock, Random, Logger, Metrics,
 * Database (own schema, migrated), Queues, Cache, Locks, RateLimiter, ObjectStore, Readiness, Authenticator, Peers,
 * UrlSigner, PayloadSigner, and the tokens SERVICE_CONFIG and LiveChannels. It also installs the guard, the problem
 * filter, the schema validation, metrics, logging, idempotency and the drain; the module contains none of these.
 */
export interface ServiceDefinition<V extends ConfigVariables = ConfigVariables> {
  readonly name: ServiceName;
  /** For OpenAPI and banners, e.g. `SyncShield`. */
  readonly title: string;
  /** One sentence for OpenAPI and the docs. */
  readonly summary: string;
  /** Own variables, prefixed with the service's name. */
  readonly config: ConfigSchema<V>;
  readonly endpoints: Endpoints;
  /** Directory of numbered `.sql` files, applied once, in order, to the service's own schema. */
  readonly migrationsDir: URL;
  /** Composition root: controllers, use cases and adapters of the service. */
  module(config: ConfigOf<V>): DynamicModule;
}

/** A definition whose variables' types no longer matter. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- variance: a list of definitions of different configs
export type AnyServiceDefinition = ServiceDefinition<any>;

/** Keeps the variable types of a definition. */
export function defineService<V extends ConfigVariables>(
  definition: ServiceDefinition<V>,
): ServiceDefinition<V> {
  return definition;
}

/** DI token of the service's own typed configuration. */
export const SERVICE_CONFIG = 'kiki:service-config';

/** Which outbound channels may really send; owned by `@kiki/auth`, injected by class. */
export { LiveChannels } from '@kiki/auth';
