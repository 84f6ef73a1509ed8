import type { Queryable, SqlValue } from '@kiki/postgres';
import type { ConsentEntry, StoredConsent } from '../../application/consent-registry.js';
import type {
  ConsentAction,
  ConsentProof,
  ConsentState,
} from '../../domain/consent/consent-record.js';

/** An entry with everything that only the transaction knows. */
export interface PlacedEntry extends ConsentEntry {
  readonly seq: bigint;
  readonly atMs: number;
  readonly auditSeq: bigint;
}

interface RecordRow extends Record<string, unknown> {
  seq: bigint;
  id: string;
  subject: string;
  purpose: string;
  channel: string;
  vendor: string;
  action: ConsentAction;
  source: string;
  notice_version: string | null;
  notice_sha256: string | null;
  region: string | null;
  sealed_proof: string | null;
  proof_kind: ConsentProof['kind'] | null;
  at_ms: bigint;
  expires_ms: bigint | null;
  recorded_ms: bigint;
  recorded_by: string;
  request_sha256: string;
  audit_seq: bigint;
}

interface StateRow extends Record<string, unknown> {
  subject: string;
  purpose: string;
  channel: string;
  vendor: string;
  seq: bigint;
  record_id: string;
  action: ConsentAction;
  at_ms: bigint;
  expires_ms: bigint | null;
  notice_version: string | null;
  region: string | null;
}

/** A stored record with the fingerprint of its request. */
export type KnownRecord = StoredConsent & { readonly requestSha256: string };

/** Columns of an entry, with their types and values. */
const COLUMNS: readonly (readonly [string, string, (of: PlacedEntry) => string | bigint | null])[] =
  [
    ['seq', 'bigint', (of) => of.seq],
    ['id', 'text', (of) => of.id],
    ['subject', 'text', (of) => of.subject],
    ['purpose', 'text', (of) => of.purpose],
    ['channel', 'text', (of) => of.channel],
    ['vendor', 'text', (of) => of.vendor],
    ['action', 'text', (of) => of.action],
    ['source', 'text', (of) => of.source],
    ['notice_version', 'text', (of) => of.noticeVersion ?? null],
    ['notice_sha256', 'text', (of) => of.noticeSha256 ?? null],
    ['region', 'text', (of) => of.region ?? null],
    ['sealed_proof', 'text', (of) => of.sealedProof ?? null],
    ['proof_kind', 'text', (of) => of.proofKind ?? null],
    ['at_ms', 'bigint', (of) => BigInt(of.atMs)],
    ['expires_ms', 'bigint', (of) => (of.expiresMs === undefined ? null : BigInt(of.expiresMs))],
    ['request_sha256', 'text', (of) => of.requestSha256],
    ['audit_seq', 'bigint', (of) => of.auditSeq],
  ];

const names = COLUMNS.map(([name]) => name).join(', ');
const arrays = COLUMNS.map(([, type], i) => `$${i + 4}::${type}[]`).join(', ');

const INSERT = `
  INSERT INTO consent_records (tenant, recorded_ms, recorded_by, ${names})
  SELECT $1, $2::bigint, $3, u.* FROM unnest(${arrays}) AS u (${names})`;

/** Of a batch only the newest of each scope, so that no row is touched twice. */
const UPSERT = `
  WITH given AS (
    SELECT * FROM consent_records WHERE tenant = $1 AND seq = ANY($2)
  ), regions AS (
    SELECT DISTINCT ON (subject, purpose, channel, vendor) subject, purpose, channel, vendor, region
      FROM given WHERE region IS NOT NULL ORDER BY subject, purpose, channel, vendor, seq DESC
  ), newest AS (
    SELECT DISTINCT ON (subject, purpose, channel, vendor) *
      FROM given ORDER BY subject, purpose, channel, vendor, at_ms DESC, (action <> 'granted') DESC, seq DESC
  )
  INSERT INTO consent_states AS s (tenant, subject, purpose, channel, vendor, seq, record_id, action, at_ms,
                                   expires_ms, notice_version, region)
  SELECT $1, n.subject, n.purpose, n.channel, n.vendor, n.seq, n.id, n.action, n.at_ms, n.expires_ms,
         n.notice_version, r.region
    FROM newest n LEFT JOIN regions r USING (subject, purpose, channel, vendor)
  ON CONFLICT (tenant, subject, purpose, channel, vendor) DO UPDATE
     SET (seq, record_id, action, at_ms, expires_ms, notice_version, region) = (
           SELECT n.seq, n.record_id, n.action, n.at_ms, n.expires_ms, n.notice_version,
                  coalesce(excluded.region, s.region)
             FROM (VALUES
               ((excluded.at_ms, excluded.is_refusal, excluded.seq) > (s.at_ms, s.is_refusal, s.seq),
                excluded.seq, excluded.record_id, excluded.action, excluded.at_ms, excluded.expires_ms,
                excluded.notice_version),
               ((excluded.at_ms, excluded.is_refusal, excluded.seq) <= (s.at_ms, s.is_refusal, s.seq),
                s.seq, s.record_id, s.action, s.at_ms, s.expires_ms, s.notice_version)
             ) AS n (is_it, seq, record_id, action, at_ms, expires_ms, notice_version)
            WHERE n.is_it)`;

/** Adds records, and what they amount to. */
export async function insertRecords(
  tx: Queryable,
  by: { readonly tenant: string; readonly actor: string; readonly nowMs: number },
  entries: readonly PlacedEntry[],
): Promise<void> {
  const columns: SqlValue[] = COLUMNS.map(([, , valueOf]) => entries.map(valueOf));
  await tx.execute(INSERT, [by.tenant, BigInt(by.nowMs), by.actor, ...columns]);
  await tx.execute(UPSERT, [by.tenant, entries.map(({ seq }) => seq)]);
}

/** Records by id. */
export async function readRecords(
  from: Queryable,
  tenant: string,
  ids: readonly string[],
): Promise<Map<string, KnownRecord>> {
  const rows = await from.query<RecordRow>(
    'SELECT * FROM consent_records WHERE tenant = $1 AND id = ANY($2)',
    [tenant, ids],
  );
  return new Map(rows.map((row) => [row.id, toRecord(row)]));
}

/** A page of a subject's records, newest first. */
export async function readHistory(
  from: Queryable,
  of: { readonly tenant: string; readonly subject: string },
  before: bigint | undefined,
  limit: number,
): Promise<KnownRecord[]> {
  const rows = await from.query<RecordRow>(
    `SELECT * FROM consent_records
      WHERE tenant = $1 AND subject = $2 AND ($3::bigint IS NULL OR seq < $3)
      ORDER BY seq DESC LIMIT $4`,
    [of.tenant, of.subject, before ?? null, limit],
  );
  return rows.map(toRecord);
}

function toRecord(row: RecordRow): KnownRecord {
  const optional = {
    noticeVersion: row.notice_version ?? undefined,
    noticeSha256: row.notice_sha256 ?? undefined,
    region: row.region ?? undefined,
    proofKind: row.proof_kind ?? undefined,
    sealedProof: row.sealed_proof ?? undefined,
    expiresMs: row.expires_ms === null ? undefined : Number(row.expires_ms),
  };
  const { seq, id, subject, purpose, channel, vendor, action, source } = row;
  return {
    ...{ seq, id, subject, purpose, channel, vendor, action, source },
    ...defined(optional),
    atMs: Number(row.at_ms),
    recordedMs: Number(row.recorded_ms),
    recordedBy: row.recorded_by,
    auditSeq: row.audit_seq,
    requestSha256: row.request_sha256,
  };
}

type Defined<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without the members that are undefined. */
function defined<T extends object>(of: T): Defined<T> {
  return Object.fromEntries(
    Object.entries(of).filter(([, value]) => value !== undefined),
  ) as Defined<T>;
}

const SNAPSHOT = `
  SELECT coalesce(h.last_seq, 0) AS last_seq, coalesce(h.settings_version, 0) AS settings_version,
         floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now_ms,
         s.subject, s.purpose, s.channel, s.vendor, s.seq, s.record_id, s.action, s.at_ms, s.expires_ms,
         s.notice_version, s.region
    FROM (VALUES ($1::text)) AS t (tenant)
    LEFT JOIN consent_heads h USING (tenant)
    LEFT JOIN consent_states s ON s.tenant = t.tenant AND s.subject = ANY($2)`;

interface SnapshotRow extends StateRow {
  last_seq: bigint;
  settings_version: number;
  now_ms: bigint;
}

/** What is known of some subjects, and as of which change: one statement, one snapshot. */
export async function readStates(from: Queryable, tenant: string, subjects: readonly string[]) {
  const rows = await from.query<SnapshotRow>(SNAPSHOT, [tenant, subjects], {
    name: 'shield-consent-snapshot',
  });
  const [first] = rows;
  if (first === undefined) throw new Error('a snapshot of consent came back empty');
  const statesOf = new Map<string, ConsentState[]>();
  for (const row of rows) {
    if (row.subject === null) continue;
    const known = statesOf.get(row.subject);
    if (known === undefined) statesOf.set(row.subject, [toState(row)]);
    else known.push(toState(row));
  }
  const { last_seq: seq, settings_version: settingsVersion, now_ms: nowMs } = first;
  return { seq, settingsVersion, nowMs: Number(nowMs), statesOf };
}

function toState(row: StateRow): ConsentState {
  const optional = {
    expiresMs: row.expires_ms === null ? undefined : Number(row.expires_ms),
    noticeVersion: row.notice_version ?? undefined,
    region: row.region ?? undefined,
  };
  const { purpose, channel, vendor, seq, action } = row;
  return {
    ...{ purpose, channel, vendor, seq, action, recordId: row.record_id },
    atMs: Number(row.at_ms),
    ...defined(optional),
  };
}
