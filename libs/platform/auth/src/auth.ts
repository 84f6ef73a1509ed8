import type { Clock, Random } from '@kiki/kernel';
import type { Logger } from '@kiki/logging';
import type { Database } from '@kiki/postgres';
import type { RateLimiter } from '@kiki/redis';
import { AuthAdmin } from './auth-admin.js';
import { ChangeListener } from './change-listener.js';
import { KeyAuthenticator } from './key-authenticator.js';
import { KeyDirectory } from './key-directory.js';
import { KikiGuard } from './kiki-guard.js';
import { DirectoryLiveChannels } from './live-channels.js';
import { KeyPayloadSigner } from './payload-signer.js';
import type {
  Authenticator,
  LiveChannels,
  PayloadSigner,
  PeerName,
  Peers,
  UrlSigner,
} from './ports.js';
import { RateLimits, type DefaultLimits } from './rate-limits.js';
import { DerivedServiceKeys, ServicePeers } from './service-keys.js';
import { HmacUrlSigner } from './url-signer.js';
import { UsageRecorder } from './usage-recorder.js';

/** The shared schema; the host migrates it with {@link authMigrationsDir} before it opens {@link Auth}. */
export const AUTH_SCHEMA = 'kiki_auth';

/** Numbered `.sql` files of the shared schema. */
export const authMigrationsDir = new URL('../migrations/', import.meta.url);

/** What {@link Auth} needs. */
export interface AuthOptions {
  /** Any pool of the installation (statements name the schema); one connection is kept for LISTEN. */
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** `KIKI_SECRET`, or the content of the installation's secret file: at least 32 characters. */
  readonly rootSecret: string;
  /** Earlier root secrets that still verify service keys, signed links and payloads. */
  readonly previousSecrets?: readonly string[];
  /** Environment of new keys. @default 'live' */
  readonly env?: string;
  /** Limits of keys and tenants that have none of their own. */
  readonly defaultLimits?: DefaultLimits;
}

/** Everything about callers, once per process: the applications in it share caches and one LISTEN connection. */
export class Auth {
  readonly admin: AuthAdmin;
  readonly authenticator: Authenticator;
  readonly urlSigner: UrlSigner;
  readonly liveChannels: LiveChannels;
  private readonly directory: KeyDirectory;
  private readonly serviceKeys: DerivedServiceKeys;
  private readonly keyAuthenticator: KeyAuthenticator;
  private readonly usage: UsageRecorder;
  private readonly listener: ChangeListener;

  /** Opens at once; the first look-up meets the store. */
  constructor(private readonly options: AuthOptions) {
    const { database, clock, random, logger, rootSecret, previousSecrets } = options;
    if (rootSecret.length < 32) throw new RangeError('KIKI_SECRET: at least 32 characters');
    this.admin = new AuthAdmin({ database, clock, random, env: options.env ?? 'live' });
    this.directory = new KeyDirectory(database, clock);
    this.serviceKeys = new DerivedServiceKeys(rootSecret, previousSecrets);
    this.usage = new UsageRecorder(database, clock, logger);
    this.keyAuthenticator = new KeyAuthenticator(
      this.directory,
      this.serviceKeys,
      this.usage,
      clock,
    );
    this.authenticator = this.keyAuthenticator;
    this.urlSigner = new HmacUrlSigner(rootSecret, clock, previousSecrets);
    this.liveChannels = new DirectoryLiveChannels(this.directory);
    this.listener = new ChangeListener(database, clock, logger, {
      onChange: (payload) => this.directory.applyChange(payload),
      onGap: () => this.directory.invalidateAll(),
    });
    this.listener.start();
  }

  /** The guard of one application; `limiter` is the profile's. */
  guard(limiter?: RateLimiter): KikiGuard {
    const { authenticator, urlSigner } = this;
    if (limiter === undefined) return new KikiGuard({ authenticator, urlSigner });
    const limitsOf = this.keyAuthenticator.limitsOf.bind(this.keyAuthenticator);
    const limits = new RateLimits(limiter, limitsOf, this.options.defaultLimits);
    return new KikiGuard({ authenticator, urlSigner, limits });
  }

  /** A service's own key: the configured one (`<SERVICE>_SERVICE_KEY`), else derived from the root secret. */
  serviceKey(service: PeerName | 'kiki', configured?: string): string {
    return configured ?? this.serviceKeys.keyOf(service);
  }

  /** How a service calls the others. */
  peers(
    service: PeerName | 'kiki',
    urls: Readonly<Partial<Record<PeerName, string>>>,
    configuredKey?: string,
  ): Peers {
    return new ServicePeers(this.serviceKey(service, configuredKey), urls);
  }

  /** Signs with the service's own key, verifies anybody's. */
  payloadSigner(service: PeerName | 'kiki', configuredKey?: string): PayloadSigner {
    const key = this.serviceKey(service, configuredKey);
    return new KeyPayloadSigner(key, this.directory, this.serviceKeys, this.options.clock);
  }

  /** Whether changes are heard by NOTIFY at the moment; if not, they are seen within a second. */
  get isListening(): boolean {
    return this.listener.isListening;
  }

  /** Writes what is pending and gives the connection back; to be called before the pool is closed. */
  async close(): Promise<void> {
    await this.listener.close();
    await this.usage.close();
  }
}
