/** Who calls: resolved from an API key (HTTP, gRPC) or from a job's signature. */
export interface Principal {
  /** Public id of the key. */
  readonly keyId: string;
  /** The tenant the call acts for; never taken from the body. */
  readonly tenant: string;
  /** Scopes such as `shield:write`; `*` stands for all scopes of the tenant but `privacy`. */
  readonly scopes: readonly string[];
  /** Set when the key is a service's own (`service:<name>`); only then is `kiki-tenant` believed. */
  readonly service?: string;
}

/** Header (HTTP) and metadata key (gRPC) with which a service names the tenant it acts for. */
export const TENANT_HEADER = 'kiki-tenant';

/** Areas of the platform; scopes are `<area>:read`, `<area>:write` or `<area>:admin`. */
export type ScopeArea = 'value' | 'shield' | 'flow' | 'create' | 'engage' | 'privacy' | 'platform';

/** A scope as routes ask for it. `write` includes `read`; `admin` includes both. */
export type Scope = `${ScopeArea}:${'read' | 'write' | 'admin'}`;
