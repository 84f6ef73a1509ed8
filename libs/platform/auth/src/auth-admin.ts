import { kernelErrors, type Clock, type Random } from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import type { RateLimit } from '@kiki/redis';
import {
  checkLimit,
  invalid,
  KEY_COLUMNS,
  TENANT_COLUMNS,
  type CreateKeyInput,
  type KeyInfo,
  type LiveChannelInfo,
  type NewKey,
  type TenantInfo,
} from './admin-records.js';
import { digestOf, newApiKey, signingKeyOf } from './api-key.js';
import { errors } from './errors.js';
import { isGrantableScope } from './scopes.js';

/** What the management of keys needs. */
export interface AuthAdminContext {
  /** Any database of the installation: statements name the schema `kiki_auth`. */
  readonly database: Database;
  readonly clock: Clock;
  readonly random: Random;
  /** Environment of new keys, as in `kiki_<env>_…`. @default 'live' */
  readonly env?: string;
}

const TENANT = /^[a-z0-9][a-z0-9-]{0,62}$/;
const CHANNEL = /^[a-z0-9][a-z0-9_-]{0,62}$/;
/** How long a rotated key goes on working beside its successor. */
const DEFAULT_OVERLAP_MS = 24 * 3_600_000;

type KeyRow = KeyInfo & Record<string, unknown>;
type TenantRow = TenantInfo & Record<string, unknown>;

function first<T>(rows: readonly T[], what: string): T {
  const [row] = rows;
  if (row === undefined) throw kernelErrors.not_found(`There is no ${what}.`);
  return row;
}

/** Management of tenants, keys and live channels: for the command line and the first start. */
export class AuthAdmin {
  constructor(private readonly context: AuthAdminContext) {}

  /** @throws invalid_request, tenant_exists */
  async createTenant(input: {
    readonly tenant: string;
    readonly name?: string;
    readonly limit?: RateLimit;
  }): Promise<TenantInfo> {
    if (!TENANT.test(input.tenant)) {
      throw invalid('tenant', '1 to 63 lower-case letters, digits or dashes');
    }
    checkLimit(input.limit);
    const rows = await this.context.database.query<TenantRow>(
      `insert into kiki_auth.tenants (tenant, name, created_at, rate_per_second, rate_burst)
       values ($1, $2, $3, $4, $5) on conflict do nothing returning ${TENANT_COLUMNS}`,
      [
        input.tenant,
        input.name ?? input.tenant,
        this.context.clock.now(),
        input.limit?.ratePerSecond ?? null,
        input.limit?.burst ?? null,
      ],
    );
    const [row] = rows;
    if (row === undefined)
      throw errors.tenant_exists(`There is already a tenant "${input.tenant}".`);
    return row;
  }

  async listTenants(): Promise<TenantInfo[]> {
    return this.context.database.query<TenantRow>(
      `select ${TENANT_COLUMNS} from kiki_auth.tenants order by tenant`,
    );
  }

  /** Refuses every call of the tenant, within a second everywhere. @throws not_found */
  suspendTenant(tenant: string): Promise<TenantInfo> {
    return this.updateTenant(tenant, 'suspended_at = coalesce(suspended_at, $2)', [
      this.context.clock.now(),
    ]);
  }

  /** @throws not_found */
  resumeTenant(tenant: string): Promise<TenantInfo> {
    return this.updateTenant(tenant, 'suspended_at = null', []);
  }

  /** Sets a tenant's own limit; null returns it to the platform's default. @throws not_found, invalid_request */
  setTenantLimit(tenant: string, limit: RateLimit | null): Promise<TenantInfo> {
    checkLimit(limit);
    return this.updateTenant(tenant, 'rate_per_second = $2, rate_burst = $3', [
      limit?.ratePerSecond ?? null,
      limit?.burst ?? null,
    ]);
  }

  /** Makes a key; its text is in the answer and nowhere else. @throws invalid_request, tenant_unknown */
  createKey(input: CreateKeyInput): Promise<NewKey> {
    return this.context.database.transaction((tx) => this.insertKey(tx, input));
  }

  /** Keys of a tenant, or of all; never secrets. */
  async listKeys(tenant?: string): Promise<KeyInfo[]> {
    return this.context.database.query<KeyRow>(
      `select ${KEY_COLUMNS} from kiki_auth.api_keys
        where $1::text is null or tenant = $1 order by tenant, created_at, key_id`,
      [tenant ?? null],
    );
  }

  /** Ends a key at once: refused everywhere within two seconds. Revoking again changes nothing. @throws not_found */
  async revokeKey(keyId: string): Promise<KeyInfo> {
    const rows = await this.context.database.query<KeyRow>(
      `update kiki_auth.api_keys set revoked_at = coalesce(revoked_at, $2)
        where key_id = $1 returning ${KEY_COLUMNS}`,
      [keyId, this.context.clock.now()],
    );
    return first(rows, `key "${keyId}"`);
  }

  /**
   * Makes a successor with the same rights; both work for `overlapMs` (default 24 h), then the old one expires.
   * @throws not_found, key_not_rotatable
   */
  rotateKey(keyId: string, options: { readonly overlapMs?: number } = {}): Promise<NewKey> {
    const overlapMs = options.overlapMs ?? DEFAULT_OVERLAP_MS;
    if (!Number.isInteger(overlapMs) || overlapMs < 0) {
      throw invalid('overlapMs', 'a whole number of milliseconds from 0');
    }
    return this.context.database.transaction(async (tx) => {
      const rows = await tx.query<KeyRow>(
        `select ${KEY_COLUMNS} from kiki_auth.api_keys where key_id = $1 for update`,
        [keyId],
      );
      const old = first(rows, `key "${keyId}"`);
      const now = this.context.clock.now();
      const isExpired = old.expiresAt !== null && old.expiresAt <= now;
      if (old.revokedAt !== null || old.rotatedTo !== null || isExpired) {
        throw errors.key_not_rotatable();
      }
      const { tenant, name, scopes, createdBy } = old;
      const successor = await this.insertKey(tx, {
        ...{ tenant, name, scopes, createdBy },
        ...(old.limit === null ? {} : { limit: old.limit }),
        rotatedFrom: keyId,
      });
      await tx.execute(
        `update kiki_auth.api_keys
            set rotated_to = $2, expires_at = least(coalesce(expires_at, 'infinity'), $3)
          where key_id = $1`,
        [keyId, successor.info.keyId, new Date(now.getTime() + overlapMs)],
      );
      return successor;
    });
  }

  /**
   * Makes the first key of an installation (all scopes of tenant `default`, and the platform's own) unless there is a
   * key already; of processes that start together exactly one gets it. The caller prints it once.
   */
  ensureFirstKey(createdBy = 'first start'): Promise<NewKey | undefined> {
    return this.context.database.transaction(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(hashtextextended('kiki_auth.first_key', 0))`);
      const known = await tx.query(
        `select 1 from kiki_auth.api_keys where not (scopes::text like '%service:%') limit 1`,
      );
      if (known.length > 0) return undefined;
      const scopes = ['*', 'platform:admin'];
      return this.insertKey(tx, { name: 'first key', scopes, createdBy });
    });
  }

  /** Lets a tenant's channel really send, or stops it. @throws invalid_request, tenant_unknown */
  async setLiveChannel(input: {
    readonly tenant: string;
    readonly channel: string;
    readonly isLive: boolean;
    readonly changedBy: string;
  }): Promise<void> {
    if (!CHANNEL.test(input.channel)) {
      throw invalid('channel', '1 to 63 lower-case letters, digits, dashes or underscores');
    }
    const written = await this.context.database.execute(
      `insert into kiki_auth.live_channels (tenant, channel, is_live, changed_at, changed_by)
       select tenant, $2, $3, $4, $5 from kiki_auth.tenants where tenant = $1
       on conflict (tenant, channel) do update
         set is_live = excluded.is_live, changed_at = excluded.changed_at, changed_by = excluded.changed_by`,
      [input.tenant, input.channel, input.isLive, this.context.clock.now(), input.changedBy],
    );
    if (written === 0) throw errors.tenant_unknown(`There is no tenant "${input.tenant}".`);
  }

  /** The channels somebody switched, with who and when. */
  async listLiveChannels(tenant?: string): Promise<LiveChannelInfo[]> {
    return this.context.database.query<LiveChannelInfo & Record<string, unknown>>(
      `select tenant, channel, is_live as "isLive", changed_at as "changedAt", changed_by as "changedBy"
         from kiki_auth.live_channels where $1::text is null or tenant = $1 order by tenant, channel`,
      [tenant ?? null],
    );
  }

  private async updateTenant(
    tenant: string,
    assignments: string,
    values: readonly (Date | number | null)[],
  ): Promise<TenantInfo> {
    const rows = await this.context.database.query<TenantRow>(
      `update kiki_auth.tenants set ${assignments} where tenant = $1 returning ${TENANT_COLUMNS}`,
      [tenant, ...values],
    );
    return first(rows, `tenant "${tenant}"`);
  }

  private async insertKey(
    tx: Queryable,
    input: CreateKeyInput & { readonly rotatedFrom?: string },
  ): Promise<NewKey> {
    this.checkKey(input);
    const { clock, random, env = 'live' } = this.context;
    const { key, id } = newApiKey(env, random);
    const tenant = input.tenant ?? 'default';
    const rows = await tx.query<KeyRow>(
      `insert into kiki_auth.api_keys (tenant, key_id, env, name, scopes, digest, signing_key, created_at,
         created_by, expires_at, rate_per_second, rate_burst, rotated_from)
       select tenant, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13
         from kiki_auth.tenants where tenant = $1
       returning ${KEY_COLUMNS}`,
      [
        ...[tenant, id, env, input.name, [...new Set(input.scopes)], digestOf(key)],
        ...[signingKeyOf(key), clock.now(), input.createdBy ?? 'operator', input.expiresAt ?? null],
        ...[
          input.limit?.ratePerSecond ?? null,
          input.limit?.burst ?? null,
          input.rotatedFrom ?? null,
        ],
      ],
    );
    const [info] = rows;
    if (info === undefined) throw errors.tenant_unknown(`There is no tenant "${tenant}".`);
    return { key, info };
  }

  private checkKey(input: CreateKeyInput): void {
    if (input.name.trim() === '' || input.name.length > 128) {
      throw invalid('name', '1 to 128 characters');
    }
    const bad = input.scopes.find((scope) => !isGrantableScope(scope));
    if (bad !== undefined || input.scopes.length === 0) {
      throw invalid('scopes', '`*`, `<area>:<read|write|admin>` or `service:<name>`');
    }
    if (input.expiresAt !== undefined && !(input.expiresAt > this.context.clock.now())) {
      throw invalid('expiresAt', 'an instant in the future');
    }
    checkLimit(input.limit);
  }
}
