import {
  canonicalJson,
  kernelErrors,
  ok,
  refuse,
  type DomainError,
  type Result,
} from '@kiki/kernel';
import type { Database, Queryable } from '@kiki/postgres';
import { LRUCache } from 'lru-cache';
import {
  ConsentRegistry,
  type ConsentChanges,
  type ConsentEntry,
  type ConsentSnapshot,
  type RecordedConsent,
  type SettingsVersion,
  type StoredConsent,
} from '../../application/consent-registry.js';
import type { Page, PageRequest } from '../../application/ledger.js';
import type { Approval, ApprovalAction } from '../../domain/approval.js';
import type { AuditRecord } from '../../domain/audit-record.js';
import { consentRecorded, consentSettingsChanged } from '../../domain/consent/consent-audit.js';
import { settingsWithout, type ConsentSettings } from '../../domain/consent/consent-settings.js';
import type { ConsentRegime } from '../../domain/consent/regions.js';
import { errors } from '../../errors.js';
import { appendAudit } from './audit-rows.js';
import { guardChange } from './change-guard.js';
import { readChanges } from './consent-feed-rows.js';
import {
  insertRecords,
  readHistory,
  readRecords,
  readStates,
  type KnownRecord,
  type PlacedEntry,
} from './consent-rows.js';
import { SharedReads } from './consent-snapshots.js';
import { STORE_NOW } from './store-time.js';

/** Settings remembered; a version never changes. */
const CACHED_SETTINGS = 1_000;

interface Head extends Record<string, unknown> {
  last_seq: bigint;
  settings_version: number;
  clock_ms: bigint;
}

/** The consent registry in PostgreSQL; see `migrations/0007-consent.sql`. */
export class PostgresConsentRegistry extends ConsentRegistry {
  private readonly known = new LRUCache<string, SettingsVersion>({ max: CACHED_SETTINGS });
  private readonly reads = new SharedReads<ConsentSnapshot>((tenant, subjects) =>
    this.snapshotIn(this.database, tenant, subjects),
  );

  /** @param unknownRegion what silence means for tenants without settings where nothing is known of the region */
  constructor(
    private readonly database: Database,
    private readonly unknownRegion: ConsentRegime,
    private readonly storeNow: string = STORE_NOW,
    private readonly fourEyes: ReadonlySet<ApprovalAction> = new Set(),
  ) {
    super();
  }

  override async record(
    tenant: string,
    actor: string,
    entries: readonly ConsentEntry[],
  ): Promise<Result<RecordedConsent, DomainError>[]> {
    return this.database.transaction(async (tx) => {
      const head = await this.lock(tx, tenant);
      const by = { tenant, actor, nowMs: Number(head.clock_ms) };
      const ids = entries.map(({ id }) => id);
      const before = await readRecords(tx, tenant, ids);
      const fresh = firstOfEach(entries.filter(({ id }) => !before.has(id)));
      if (fresh.length > 0) await this.append(tx, by, fresh, head.last_seq);
      const stored = fresh.length === 0 ? before : await readRecords(tx, tenant, ids);
      const written = new Set(fresh);
      return entries.map((entry) => answerOf(entry, stored.get(entry.id), !written.has(entry)));
    });
  }

  override snapshot(tenant: string, subjects: readonly string[]): Promise<ConsentSnapshot> {
    return this.reads.get(tenant, subjects);
  }

  /** As `snapshot`, within a transaction. */
  async snapshotIn(
    from: Queryable,
    tenant: string,
    subjects: readonly string[],
  ): Promise<ConsentSnapshot> {
    const { settingsVersion, ...rest } = await readStates(from, tenant, subjects);
    const { settings } = await this.settingsAt(from, tenant, settingsVersion);
    return { ...rest, settings };
  }

  override async find(tenant: string, id: string): Promise<StoredConsent | undefined> {
    return (await readRecords(this.database, tenant, [id])).get(id);
  }

  override async history(
    tenant: string,
    subject: string,
    { limit, after }: PageRequest,
  ): Promise<Page<StoredConsent>> {
    const before = after === undefined ? undefined : BigInt(after);
    const rows = await readHistory(this.database, { tenant, subject }, before, limit + 1);
    const items = rows.slice(0, limit);
    const last = items.at(-1);
    const hasMore = rows.length > limit && last !== undefined;
    return { items, ...(hasMore ? { next: last.seq.toString() } : {}) };
  }

  override changes(
    tenant: string,
    after: bigint | undefined,
    limit: number,
  ): Promise<ConsentChanges> {
    return readChanges(this.database, tenant, after, limit);
  }

  override async settings(tenant: string): Promise<SettingsVersion> {
    const [head] = await this.database.query<Head>(
      'SELECT settings_version FROM consent_heads WHERE tenant = $1',
      [tenant],
    );
    return this.settingsAt(this.database, tenant, head?.settings_version ?? 0);
  }

  override putSettings(
    tenant: string,
    actor: string,
    wanted: Omit<ConsentSettings, 'version'>,
    expectedVersion?: number,
  ): Promise<SettingsVersion> {
    return this.database.transaction((tx) =>
      this.putSettingsIn(tx, { tenant, actor }, wanted, { expectedVersion }),
    );
  }

  /** The same within a transaction that may do more, e.g. approve it. */
  async putSettingsIn(
    tx: Queryable,
    { tenant, actor }: { readonly tenant: string; readonly actor: string },
    wanted: Omit<ConsentSettings, 'version'>,
    on: { readonly expectedVersion?: number | undefined; readonly approval?: Approval } = {},
  ): Promise<SettingsVersion> {
    const { expectedVersion, approval } = on;
    const head = await this.lock(tx, tenant);
    const inForce = await this.settingsAt(tx, tenant, head.settings_version);
    const { version, ...before } = inForce.settings;
    if (version > 0 && canonicalJson(before) === canonicalJson(wanted)) return inForce;
    if (expectedVersion !== undefined && expectedVersion !== version) {
      throw errors.consent_settings_conflict();
    }
    const guarded = {
      ...{ action: 'consent_settings' as const, target: 'consent' },
      // Stricter for one customer may be looser for another: every change is looked at.
      ...{ before: { version }, after: wanted, isLoosening: true },
      effect: 'What silence, notices and purposes mean for customers would change.',
    };
    guardChange(this.fourEyes, guarded, approval);
    const settings = { ...wanted, version: version + 1 };
    const change = { tenant, actor, atMs: Number(head.clock_ms) };
    await insertSettings(tx, change, settings, head.last_seq + 1n);
    await appendAudit(tx, [
      consentSettingsChanged(change, inForce.settings, settings, approval?.id),
    ]);
    return { settings, createdBy: actor, createdMs: change.atMs };
  }

  /** Locks the tenant's registry: whoever comes later sees what was done. */
  private async lock(tx: Queryable, tenant: string): Promise<Head> {
    const [head] = await tx.query<Head>(
      `INSERT INTO consent_heads AS h (tenant, clock_ms) VALUES ($1, ${this.storeNow})
       ON CONFLICT (tenant) DO UPDATE SET clock_ms = greatest(h.clock_ms, ${this.storeNow})
       RETURNING last_seq, settings_version, clock_ms`,
      [tenant],
    );
    if (head === undefined) throw new Error('the head of a consent registry is gone');
    return head;
  }

  private async append(
    tx: Queryable,
    by: { readonly tenant: string; readonly actor: string; readonly nowMs: number },
    entries: readonly ConsentEntry[],
    lastSeq: bigint,
  ): Promise<void> {
    const timed = entries.map((entry) => ({
      ...entry,
      atMs: Math.min(entry.atMs ?? by.nowMs, by.nowMs),
    }));
    const { tenant, actor, nowMs: atMs } = by;
    const firstLeaf = await appendLeaves(
      tx,
      timed.map((entry) => consentRecorded({ tenant, actor, atMs }, entry)),
    );
    const placed = timed.map((entry, i): PlacedEntry => ({
      ...entry,
      seq: lastSeq + BigInt(i) + 1n,
      auditSeq: firstLeaf + BigInt(i),
    }));
    await insertRecords(tx, by, placed);
    await tx.execute('UPDATE consent_heads SET last_seq = $2 WHERE tenant = $1', [
      ...[tenant, lastSeq + BigInt(entries.length)],
    ]);
  }

  private async settingsAt(
    from: Queryable,
    tenant: string,
    version: number,
  ): Promise<SettingsVersion> {
    if (version === 0) return { settings: settingsWithout(this.unknownRegion) };
    const key = `${version}\u0000${tenant}`;
    const known = this.known.get(key);
    if (known !== undefined) return known;
    const [row] = await from.query<{ document: string; created_by: string; created_ms: bigint }>(
      `SELECT document, created_by, created_ms FROM consent_settings
        WHERE tenant = $1 AND version = $2`,
      [tenant, version],
    );
    if (row === undefined) throw new Error('settings in force are gone');
    const settings = { ...(JSON.parse(row.document) as ConsentSettings), version };
    const found = { settings, createdBy: row.created_by, createdMs: Number(row.created_ms) };
    this.known.set(key, found);
    return found;
  }
}

function firstOfEach(entries: readonly ConsentEntry[]): ConsentEntry[] {
  return [...new Map(entries.toReversed().map((entry) => [entry.id, entry])).values()].reverse();
}

function answerOf(
  entry: ConsentEntry,
  record: KnownRecord | undefined,
  isReplay: boolean,
): Result<RecordedConsent, DomainError> {
  if (record === undefined) throw new Error('a consent record that was just stored is gone');
  if (record.requestSha256 !== entry.requestSha256) {
    return refuse(kernelErrors.idempotency_conflict());
  }
  return ok({ record, isReplay });
}

/** Appends leaves and returns the place of the first. Their head is locked, so nobody comes between. */
async function appendLeaves(tx: Queryable, leaves: readonly AuditRecord[]): Promise<bigint> {
  await appendAudit(tx, leaves);
  const [head] = await tx.query<{ next_seq: bigint }>(
    'SELECT next_seq FROM audit_heads WHERE tenant = $1',
    [leaves[0]?.tenant ?? ''],
  );
  if (head === undefined) throw new Error('an audit log without a head');
  return head.next_seq - BigInt(leaves.length);
}

async function insertSettings(
  tx: Queryable,
  {
    tenant,
    actor,
    atMs,
  }: { readonly tenant: string; readonly actor: string; readonly atMs: number },
  { version, ...document }: ConsentSettings,
  seq: bigint,
): Promise<void> {
  await tx.execute(
    `INSERT INTO consent_settings (tenant, version, seq, document, created_by, created_ms)
     VALUES ($1, $2, $3, $4, $5, $6)`,
    [tenant, version, seq, canonicalJson(document), actor, atMs],
  );
  await tx.execute(
    'UPDATE consent_heads SET last_seq = $2, settings_version = $3 WHERE tenant = $1',
    [tenant, seq, version],
  );
}
