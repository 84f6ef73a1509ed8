import type { Clock } from '@kiki/kernel';
import type { Database } from '@kiki/postgres';
import type { RateLimit } from '@kiki/redis';
import { FreshCache } from './fresh-cache.js';
import { scopesOfService, serviceOf } from './scopes.js';

/** What has to be known about a key to accept a call: the key's row joined with its tenant's. */
export interface KeyRecord {
  readonly keyId: string;
  readonly tenant: string;
  readonly scopes: readonly string[];
  readonly digest: Uint8Array;
  readonly signingKey: Uint8Array;
  readonly expiresAtMs: number;
  readonly isRevoked: boolean;
  readonly limit: RateLimit | undefined;
}

/** What has to be known about a tenant. */
export interface TenantRecord {
  readonly tenant: string;
  readonly isSuspended: boolean;
  readonly limit: RateLimit | undefined;
}

interface LimitColumns {
  rate_per_second: number | null;
  rate_burst: number | null;
  [column: string]: unknown;
}

interface KeyRow extends LimitColumns {
  key_id: string;
  tenant: string;
  scopes: string[];
  digest: Uint8Array;
  signing_key: Uint8Array;
  expires_at: Date | null;
  revoked_at: Date | null;
}

interface TenantRow extends LimitColumns {
  tenant: string;
  suspended_at: Date | null;
}

interface ChannelRow {
  tenant: string;
  channel: string;
  is_live: boolean;
  [column: string]: unknown;
}

function limitOf(row: LimitColumns): RateLimit | undefined {
  if (row.rate_per_second === null || row.rate_burst === null) return undefined;
  return { ratePerSecond: row.rate_per_second, burst: row.rate_burst };
}

/** A key that speaks for a service may do what that service may do. */
function effectiveScopes(scopes: readonly string[]): readonly string[] {
  const service = serviceOf(scopes);
  return service === undefined ? scopes : [...new Set([...scopes, ...scopesOfService(service)])];
}

function keyRecordOf(row: KeyRow): KeyRecord {
  return {
    keyId: row.key_id,
    tenant: row.tenant,
    scopes: effectiveScopes(row.scopes),
    digest: row.digest,
    signingKey: row.signing_key,
    expiresAtMs: row.expires_at?.getTime() ?? Number.POSITIVE_INFINITY,
    isRevoked: row.revoked_at !== null,
    limit: limitOf(row),
  };
}

async function loadKeys(database: Database, ids: readonly string[]) {
  const rows = await database.query<KeyRow>(
    `select key_id, tenant, scopes, digest, signing_key, expires_at, revoked_at,
            rate_per_second, rate_burst
       from kiki_auth.api_keys where key_id = any($1::text[])`,
    [ids],
  );
  return new Map(rows.map((row) => [row.key_id, keyRecordOf(row)]));
}

async function loadTenants(database: Database, ids: readonly string[]) {
  const rows = await database.query<TenantRow>(
    `select tenant, suspended_at, rate_per_second, rate_burst
       from kiki_auth.tenants where tenant = any($1::text[])`,
    [ids],
  );
  return new Map(
    rows.map((row): [string, TenantRecord] => [
      row.tenant,
      { tenant: row.tenant, isSuspended: row.suspended_at !== null, limit: limitOf(row) },
    ]),
  );
}

async function loadChannels(database: Database, ids: readonly string[]) {
  const pairs = ids.map((id) => id.split(':', 2));
  const rows = await database.query<ChannelRow>(
    `select c.tenant, c.channel, c.is_live
       from kiki_auth.live_channels c
       join unnest($1::text[], $2::text[]) as wanted (tenant, channel) using (tenant, channel)`,
    [pairs.map(([tenant]) => tenant ?? ''), pairs.map(([, channel]) => channel ?? '')],
  );
  return new Map(rows.map((row) => [`${row.tenant}:${row.channel}`, row.is_live]));
}

/** The shared schema as every process sees it: at most one second old, at once after a NOTIFY. */
export class KeyDirectory {
  readonly keys: FreshCache<KeyRecord>;
  readonly tenants: FreshCache<TenantRecord>;
  /** By `<tenant>:<channel>`. */
  readonly channels: FreshCache<boolean>;

  constructor(database: Database, clock: Clock) {
    this.keys = new FreshCache({ clock, load: (ids) => loadKeys(database, ids) });
    this.tenants = new FreshCache({ clock, load: (ids) => loadTenants(database, ids) });
    this.channels = new FreshCache({ clock, load: (ids) => loadChannels(database, ids) });
  }

  /** Applies one notification, `key:<id>`, `tenant:<id>` or `channel:<tenant>:<channel>`. */
  applyChange(payload: string): void {
    const colon = payload.indexOf(':');
    const [kind, id] = [payload.slice(0, colon), payload.slice(colon + 1)];
    if (kind === 'key') this.keys.invalidate(id);
    else if (kind === 'tenant') this.tenants.invalidate(id);
    else if (kind === 'channel') this.channels.invalidate(id);
    else this.invalidateAll();
  }

  /** Forgets everything, for when notifications may have been missed. */
  invalidateAll(): void {
    this.keys.invalidate();
    this.tenants.invalidate();
    this.channels.invalidate();
  }
}
