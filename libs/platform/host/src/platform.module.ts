import type { DynamicModule, Provider } from '@nestjs/common';
import { Authenticator, LiveChannels, PayloadSigner, Peers, UrlSigner } from '@kiki/auth';
import { Readiness, ServiceInfo } from '@kiki/health';
import { Cursors, IdempotencyStore, OpenApiSource } from '@kiki/http';
import { Clock, Random } from '@kiki/kernel';
import { Logger } from '@kiki/logging';
import { Metrics } from '@kiki/metrics';
import { ObjectStore } from '@kiki/objects';
import { Database } from '@kiki/postgres';
import { Queues } from '@kiki/queue';
import { Cache, Locks, RateLimiter } from '@kiki/redis';
import { SERVICE_CONFIG } from './service-definition.js';
import type { SettingsAnswer } from './settings.controller.js';

/** What every service finds ready to inject. */
export interface PlatformParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly database: Database;
  readonly queues: Queues;
  readonly cache: Cache;
  readonly locks: Locks;
  readonly limiter: RateLimiter;
  readonly objects: ObjectStore;
  readonly readiness: Readiness;
  readonly info: ServiceInfo;
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly urlSigner: UrlSigner;
  readonly payloadSigner: PayloadSigner;
  readonly liveChannels: LiveChannels;
  readonly cursors: Cursors;
  readonly idempotency: IdempotencyStore;
  readonly openApi: OpenApiSource;
  /** The service's own configuration. */
  readonly config: unknown;
  /** What `/settings` shows of it and of the shared one. */
  readonly settings: SettingsAnswer;
}

/** Makes the parts visible to all modules of one application. */
export function platformModule(parts: PlatformParts): DynamicModule {
  const providers: Provider[] = [
    { provide: Clock, useValue: parts.clock },
    { provide: Random, useValue: parts.random },
    { provide: Logger, useValue: parts.logger },
    { provide: Metrics, useValue: parts.metrics },
    { provide: Database, useValue: parts.database },
    { provide: Queues, useValue: parts.queues },
    { provide: Cache, useValue: parts.cache },
    { provide: Locks, useValue: parts.locks },
    { provide: RateLimiter, useValue: parts.limiter },
    { provide: ObjectStore, useValue: parts.objects },
    { provide: Readiness, useValue: parts.readiness },
    { provide: ServiceInfo, useValue: parts.info },
    { provide: Authenticator, useValue: parts.authenticator },
    { provide: Peers, useValue: parts.peers },
    { provide: UrlSigner, useValue: parts.urlSigner },
    { provide: PayloadSigner, useValue: parts.payloadSigner },
    { provide: LiveChannels, useValue: parts.liveChannels },
    { provide: Cursors, useValue: parts.cursors },
    { provide: IdempotencyStore, useValue: parts.idempotency },
    { provide: OpenApiSource, useValue: parts.openApi },
    { provide: SERVICE_CONFIG, useValue: parts.config },
  ];
  const exports = providers.map((provider) => (provider as { provide: string }).provide);
  return { module: class PlatformModule {}, global: true, providers, exports };
}
