import { derivedServiceKey, digestOf, isSameDigest, signingKeyOf } from './api-key.js';
import type { KeyRecord } from './key-directory.js';
import { Peers, type PeerName } from './ports.js';
import { TENANT_HEADER } from './principal.js';
import { scopesOfService } from './scopes.js';

const SERVICES = ['syncvalue', 'syncshield', 'syncflow', 'synccreate', 'syncengage', 'kiki'];

function recordOf(service: string, key: string): KeyRecord {
  return {
    keyId: service,
    tenant: '',
    scopes: scopesOfService(service),
    digest: digestOf(key),
    signingKey: signingKeyOf(key),
    expiresAtMs: Number.POSITIVE_INFINITY,
    isRevoked: false,
    limit: undefined,
  };
}

/**
 * The keys that services of one installation derive from its root secret (HMAC-SHA256): no store, no set-up, and every
 * process with the same `KIKI_HOME` or `KIKI_SECRET` agrees. After a change of the secret the previous ones still
 * verify.
 */
export class DerivedServiceKeys {
  private readonly current: ReadonlyMap<string, KeyRecord>;
  private readonly previous: readonly ReadonlyMap<string, KeyRecord>[];

  constructor(
    private readonly rootSecret: string,
    previousSecrets: readonly string[] = [],
  ) {
    const recordsOf = (secret: string): ReadonlyMap<string, KeyRecord> =>
      new Map(SERVICES.map((name) => [name, recordOf(name, derivedServiceKey(secret, name))]));
    this.current = recordsOf(rootSecret);
    this.previous = previousSecrets.map(recordsOf);
  }

  /** The key text of a service, for its own outgoing calls. */
  keyOf(service: string): string {
    return derivedServiceKey(this.rootSecret, service);
  }

  /** The record of a derived key by its id (the service's name). */
  find(keyId: string): KeyRecord | undefined {
    return this.current.get(keyId);
  }

  /** Whether a digest is that of the service's key under a previous root secret. */
  isPrevious(keyId: string, digest: Uint8Array): boolean {
    return this.previous.some((records) => {
      const record = records.get(keyId);
      return record !== undefined && isSameDigest(record.digest, digest);
    });
  }

  /** The signing keys under which a payload of this service may be signed, newest first. */
  signingKeysOf(keyId: string): readonly Uint8Array[] {
    return [this.current, ...this.previous].flatMap((records) => {
      const record = records.get(keyId);
      return record === undefined ? [] : [record.signingKey];
    });
  }
}

/** Calls other services with this service's own key; `headers` works as HTTP headers and as gRPC metadata. */
export class ServicePeers extends Peers {
  constructor(
    private readonly key: string,
    private readonly urls: Readonly<Partial<Record<PeerName, string>>>,
  ) {
    super();
  }

  override url(service: PeerName): string {
    const url = this.urls[service];
    if (url === undefined) {
      throw new Error(`no address of ${service} is configured: set ${service.toUpperCase()}_URL`);
    }
    return url;
  }

  override headers(tenant: string): Record<string, string> {
    return { authorization: `Bearer ${this.key}`, [TENANT_HEADER]: tenant };
  }
}
