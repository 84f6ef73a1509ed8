import { kernelErrors } from '@kiki/kernel';
import type { RateLimit } from '@kiki/redis';

/** A tenant, as lists show it. */
export interface TenantInfo {
  readonly tenant: string;
  readonly name: string;
  readonly createdAt: Date;
  readonly suspendedAt: Date | null;
  /** Own limit; null where the platform's default applies. */
  readonly limit: RateLimit | null;
}

/** A key, as lists show it: never its secret. */
export interface KeyInfo {
  readonly keyId: string;
  readonly tenant: string;
  readonly env: string;
  readonly name: string;
  readonly scopes: readonly string[];
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly rotatedFrom: string | null;
  readonly rotatedTo: string | null;
  readonly lastUsedAt: Date | null;
  readonly limit: RateLimit | null;
}

/** A key just made: the only moment at which its text exists outside its owner's hands. */
export interface NewKey {
  /** The whole key, shown once. */
  readonly key: string;
  readonly info: KeyInfo;
}

/** What a new key may do, and until when. */
export interface CreateKeyInput {
  /** @default 'default' */
  readonly tenant?: string;
  readonly name: string;
  /** `*`, `<area>:<read|write|admin>`, or `service:<name>`. */
  readonly scopes: readonly string[];
  readonly expiresAt?: Date;
  readonly limit?: RateLimit;
  /** Who made it, for the record. @default 'operator' */
  readonly createdBy?: string;
}

/** One switched channel. */
export interface LiveChannelInfo {
  readonly tenant: string;
  readonly channel: string;
  readonly isLive: boolean;
  readonly changedAt: Date;
  readonly changedBy: string;
}

/** Columns of a {@link KeyInfo}. */
export const KEY_COLUMNS = `key_id as "keyId", tenant, env, name, scopes, created_at as "createdAt",
  created_by as "createdBy", expires_at as "expiresAt", revoked_at as "revokedAt",
  rotated_from as "rotatedFrom", rotated_to as "rotatedTo", last_used_at as "lastUsedAt",
  case when rate_per_second is null then null
       else json_build_object('ratePerSecond', rate_per_second, 'burst', rate_burst) end as "limit"`;

/** Columns of a {@link TenantInfo}. */
export const TENANT_COLUMNS = `tenant, name, created_at as "createdAt", suspended_at as "suspendedAt",
  case when rate_per_second is null then null
       else json_build_object('ratePerSecond', rate_per_second, 'burst', rate_burst) end as "limit"`;

/** The error that names one field of an input. */
export function invalid(field: string, expected: string): Error {
  return kernelErrors.invalid_request(`${field} must be ${expected}.`, {
    fields: [{ field, expected }],
  });
}

/** @throws invalid_request */
export function checkLimit(limit: RateLimit | null | undefined): void {
  if (limit === null || limit === undefined) return;
  if (!(limit.ratePerSecond > 0)) throw invalid('limit.ratePerSecond', 'a number above 0');
  if (!Number.isInteger(limit.burst) || limit.burst < 1) {
    throw invalid('limit.burst', 'a whole number from 1');
  }
}
