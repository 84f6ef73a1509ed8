import type { Principal } from './principal.js';

/** Turns credentials into a principal. */
export abstract class Authenticator {
  /**
   * @param credentials the `Authorization: Bearer kiki_…` value without the scheme
   * @param actingTenant the `kiki-tenant` header, believed only from a service key
   * @throws key_missing, key_malformed, key_unknown, key_expired, tenant_unknown, forbidden
   */
  abstract authenticate(credentials: string | undefined, actingTenant?: string): Promise<Principal>;
}

/** How this service calls another: its base URL and its own key. */
export abstract class Peers {
  /** Base URL of a peer (`http://127.0.0.1:8081`), or the gRPC target (`dns:///host:50051`) of SyncValue. */
  abstract url(service: 'syncvalue' | 'syncshield' | 'syncflow' | 'synccreate' | 'syncengage'): string;
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
  /** Signature over the canonical JSON of `payload` without `sig`. */
  abstract sign(tenant: string, payload: Readonly<Record<string, unknown>>): Promise<{ keyId: string; sig: string }>;
  /** @throws signature_missing, signature_invalid, forbidden when the key lacks `scope` */
  abstract verify(
    payload: Readonly<Record<string, unknown>>,
    scope: string,
  ): Promise<Principal>;
}
