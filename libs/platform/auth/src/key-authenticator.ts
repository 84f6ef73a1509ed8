import type { Clock } from '@kiki/kernel';
import type { RateLimit } from '@kiki/redis';
import { digestOf, isSameDigest, parseApiKey } from './api-key.js';
import { errors } from './errors.js';
import type { KeyDirectory, KeyRecord, TenantRecord } from './key-directory.js';
import { Authenticator } from './ports.js';
import type { Principal } from './principal.js';
import { serviceOf } from './scopes.js';
import type { DerivedServiceKeys } from './service-keys.js';
import type { UsageRecorder } from './usage-recorder.js';

const MAX_VERIFIED = 10_000;

/** The limits of a caller; undefined where the platform's default applies. */
export interface CallerLimits {
  readonly key: RateLimit | undefined;
  readonly tenant: RateLimit | undefined;
}

/** What a credential turned out to be, so that a hot key is neither hashed nor looked up again. */
interface Verified {
  readonly keyId: string;
  readonly digest: Uint8Array;
}

/**
 * API keys against the directory. A credential that was verified once is recognised by its text while the directory's
 * row is fresh and has the same digest; only verified credentials are remembered.
 */
export class KeyAuthenticator extends Authenticator {
  private readonly verified = new Map<string, Verified>();
  /** One principal object per (key row, tenant row), so that the hot path allocates nothing. */
  private readonly principals = new WeakMap<KeyRecord, Map<string, Principal>>();
  private readonly limits = new WeakMap<Principal, CallerLimits>();

  constructor(
    private readonly directory: KeyDirectory,
    private readonly serviceKeys: DerivedServiceKeys,
    private readonly usage: UsageRecorder,
    private readonly clock: Clock,
  ) {
    super();
  }

  override peek(credentials: string, actingTenant?: string): Principal | undefined {
    const verified = this.verified.get(credentials);
    if (verified === undefined) return undefined;
    const key = this.serviceKeys.find(verified.keyId) ?? this.directory.keys.peek(verified.keyId);
    if (!key || !isSameDigest(key.digest, verified.digest)) return undefined;
    const tenant = this.directory.tenants.peek(this.tenantOf(key, actingTenant));
    return tenant ? this.admit(key, tenant) : undefined;
  }

  override async authenticate(
    credentials: string | undefined,
    actingTenant?: string,
  ): Promise<Principal> {
    if (credentials === undefined || credentials === '') throw errors.key_missing();
    const known = this.peek(credentials, actingTenant);
    if (known !== undefined) return known;
    const key = await this.verify(credentials);
    const tenantId = this.tenantOf(key, actingTenant);
    const tenant = await this.directory.tenants.get(tenantId);
    if (tenant === null) throw errors.tenant_unknown(`There is no tenant "${tenantId}".`);
    return this.admit(key, tenant);
  }

  /** The limits of a principal that this authenticator gave out. */
  limitsOf(principal: Principal): CallerLimits | undefined {
    return this.limits.get(principal);
  }

  private async verify(credentials: string): Promise<KeyRecord> {
    const { id } = parseApiKey(credentials);
    const key = this.serviceKeys.find(id) ?? (await this.directory.keys.get(id));
    const digest = digestOf(credentials);
    if (key === null || !this.isDigestOf(key, digest)) throw errors.key_unknown();
    if (this.verified.size >= MAX_VERIFIED) this.verified.clear();
    this.verified.set(credentials, { keyId: id, digest: key.digest });
    return key;
  }

  private isDigestOf(key: KeyRecord, digest: Uint8Array): boolean {
    return isSameDigest(key.digest, digest) || this.serviceKeys.isPrevious(key.keyId, digest);
  }

  /** Whose data the call is about: the key's tenant, or for a service key the one it names. */
  private tenantOf(key: KeyRecord, actingTenant: string | undefined): string {
    if (serviceOf(key.scopes) !== undefined) {
      const tenant = actingTenant ?? key.tenant;
      if (tenant !== '') return tenant;
      throw errors.tenant_unknown('A service key must name the tenant in `kiki-tenant`.');
    }
    if (actingTenant !== undefined && actingTenant !== key.tenant) throw errors.tenant_forbidden();
    return key.tenant;
  }

  private admit(key: KeyRecord, tenant: TenantRecord): Principal {
    if (key.isRevoked) throw errors.key_revoked();
    const nowMs = this.clock.nowMs();
    if (nowMs >= key.expiresAtMs) throw errors.key_expired();
    if (tenant.isSuspended) throw errors.tenant_suspended();
    this.usage.record(key.keyId, nowMs);
    const principal = this.principalFor(key, tenant.tenant);
    const limits = this.limits.get(principal);
    if (limits?.tenant !== tenant.limit || limits?.key !== key.limit) {
      this.limits.set(principal, { key: key.limit, tenant: tenant.limit });
    }
    return principal;
  }

  private principalFor(key: KeyRecord, tenant: string): Principal {
    let byTenant = this.principals.get(key);
    if (byTenant === undefined) this.principals.set(key, (byTenant = new Map<string, Principal>()));
    let principal = byTenant.get(tenant);
    if (principal === undefined) {
      const service = serviceOf(key.scopes);
      principal = Object.freeze({
        keyId: key.keyId,
        tenant,
        scopes: key.scopes,
        ...(service === undefined ? {} : { service }),
      });
      byTenant.set(tenant, principal);
    }
    return principal;
  }
}
