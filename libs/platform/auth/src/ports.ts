import type { Principal } from './principal.js';

/** Turns credentials into a principal. */
export abstract class Authenticator {
  /**
   * @param credentials the `Authorization: Bearer kiki_…` value without the scheme
   * @param actingTenant the `kiki-tenant` header, believed only from a service key
   * @throws key_missing, key_malformed, key_unknown, key_expired, key_revoked, tenant_unknown, tenant_suspended,
   * tenant_forbidden
   */
  abstract authenticate(credentials: string | undefined, actingTenant?: string): Promise<Principal>;

  /**
   * The same answer without waiting, when it is known already; undefined means "ask {@link authenticate}".
   * @throws what authenticate throws
   */
  peek(_credentials: string, _actingTenant?: string): Principal | undefined {
    return undefined;
  }
}

/** A service that can be called. */
export type PeerName = 'syncvalue' | 'syncshield' | 'syncflow' | 'synccreate' | 'syncengage';

/** How this service calls another: its base URL and its own key. */
export abstract class Peers {
  /** Base URL of a peer (`http://127.0.0.1:8081`), or the gRPC target (`dns:///host:50051`) of SyncValue. */
  abstract url(service: PeerName): string;
  /** Headers or metadata for a call on behalf of a tenant: `authorization` and `kiki-tenant`. */
  abstract headers(tenant: string): Record<string, string>;
}

/** What a signed URL says. */
export interface SignedClaim {
  readonly tenant: string;
  readonly purpose: string;
  /** What it is about, e.g. a message id. */
  readonly subject: string;
  readonly expiresAtMs: number;
}

/** Signs and checks URL tokens (HMAC-SHA256 over the claim). */
export abstract class UrlSigner {
  abstract sign(claim: SignedClaim): string;
  /** @throws token_invalid, token_expired */
  abstract verify(token: string, purpose: string): SignedClaim;
}

/** Signs queue payloads with a key of the right scope and checks them on arrival. */
export abstract class PayloadSigner {
  /**
   * Signature over the canonical JSON of `payload` with `tenant` and `keyId` and without `sig`. The caller puts all
   * three into the payload it sends: `{ ...payload, tenant, keyId, sig }`.
   */
  abstract sign(
    tenant: string,
    payload: Readonly<Record<string, unknown>>,
  ): Promise<{ keyId: string; sig: string }>;
  /** @throws signature_missing, signature_invalid, tenant_*, scope_missing when the key lacks `scope` */
  abstract verify(payload: Readonly<Record<string, unknown>>, scope: string): Promise<Principal>;
}

/** Which outbound channels may really send; everything else dry-runs. Set by `kiki live on <channel>`. */
export abstract class LiveChannels {
  /** Whether a tenant's channel (`email`, `sms`, `meta`…) may leave the building. */
  abstract isLive(tenant: string, channel: string): Promise<boolean>;
}
