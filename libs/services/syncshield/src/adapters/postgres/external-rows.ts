import type { Queryable, Row } from '@kiki/postgres';
import type { ExternalTotal, OpenReport } from '../../application/money-out/external-spend.js';
import {
  countedAt,
  type ExternalReport,
  type ExternalState,
} from '../../domain/money-out/external-spend.js';

/** A key as it is stored. */
export interface KeyRow extends Row {
  key_no: bigint;
  source: string;
  account: string;
  campaign_ref: string;
  from_ms: bigint;
  to_ms: bigint;
  day: string | null;
  time_zone: string | null;
  currency: string;
  counted_ms: bigint;
  version: bigint;
  amount_micros: bigint;
  is_covered: boolean;
  counted_micros: bigint;
  reports: number;
  first_ms: bigint;
  reported_ms: bigint;
}

interface OpenRow extends Row {
  tenant: string;
  budget_id: string;
  key_no: bigint;
  version: bigint;
  delta_micros: bigint;
  currency: string;
  counted_ms: bigint;
  actor: string;
}

/** A version that was taken. */
export interface NewVersion {
  readonly keyNo: bigint;
  readonly version: bigint;
  readonly amountMicros: bigint;
  readonly isCovered: boolean;
  readonly deltaMicros: bigint;
}

const COLUMNS = `k.key_no, k.source, k.account, k.campaign_ref, k.from_ms, k.to_ms, k.day, k.time_zone, k.currency,
  k.counted_ms, k.version, k.amount_micros, k.is_covered, k.counted_micros, k.reports, k.first_ms, k.reported_ms`;

const OPEN = `
  SELECT r.tenant, b.id AS budget_id, r.key_no, r.version, r.delta_micros, k.currency, k.counted_ms, r.actor
    FROM external_reports r JOIN external_keys k ON k.budget_no = r.budget_no AND k.key_no = r.key_no
    JOIN budgets b ON b.budget_no = k.budget_no`;

/** Makes the keys that do not exist yet and locks all of them, in one order everywhere. */
export async function lockKeys(
  tx: Queryable,
  at: { readonly tenant: string; readonly budgetNo: bigint; readonly nowMs: number },
  reports: readonly ExternalReport[],
): Promise<KeyRow[]> {
  const { tenant, budgetNo, nowMs } = at;
  const column = <T>(of: (report: ExternalReport) => T): T[] => reports.map(of);
  const keys = [
    ...[tenant, budgetNo, column(({ source }) => source), column(({ account }) => account)],
    ...[column(({ campaignRef }) => campaignRef), column(({ fromMs }) => fromMs)],
    column(({ toMs }) => toMs),
  ];
  await tx.execute(
    `INSERT INTO external_keys (tenant, budget_no, source, account, campaign_ref, from_ms, to_ms, day, time_zone,
                                currency, counted_ms, version, amount_micros, is_covered, counted_micros, reports,
                                first_ms, reported_ms)
     SELECT $1, $2, k.source, k.account, k.campaign_ref, k.from_ms, k.to_ms, k.day, k.time_zone, k.currency,
            k.counted_ms, -1, 0, false, 0, 0, $12, $12
       FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[], $8::date[], $9::text[],
                   $10::text[], $11::bigint[])
            AS k (source, account, campaign_ref, from_ms, to_ms, day, time_zone, currency, counted_ms)
      ORDER BY k.source, k.account, k.campaign_ref, k.from_ms, k.to_ms
         ON CONFLICT DO NOTHING`,
    [
      ...keys,
      ...[column(({ day }) => day ?? null), column(({ timeZone }) => timeZone ?? null)],
      ...[column(({ currency }) => currency), column((report) => countedAt(report, nowMs)), nowMs],
    ],
  );
  return tx.query<KeyRow>(
    `SELECT ${COLUMNS} FROM external_keys k
      WHERE k.tenant = $1 AND k.budget_no = $2
        AND (k.source, k.account, k.campaign_ref, k.from_ms, k.to_ms) IN
            (SELECT * FROM unnest($3::text[], $4::text[], $5::text[], $6::bigint[], $7::bigint[]))
      ORDER BY k.key_no FOR UPDATE`,
    keys,
  );
}

/** Stores how keys stand now, and the versions that led there. */
export async function writeVersions(
  tx: Queryable,
  by: { tenant: string; budgetNo: bigint; actor: string; nowMs: number },
  states: ReadonlyMap<bigint, ExternalState>,
  versions: readonly NewVersion[],
): Promise<void> {
  if (versions.length === 0) return;
  const { tenant, budgetNo, actor, nowMs } = by;
  await tx.execute(
    `INSERT INTO external_reports (tenant, budget_no, key_no, version, amount_micros, is_covered, delta_micros,
                                   actor, taken_ms, is_applied)
     SELECT $1, $2, v.key_no, v.version, v.amount, v.is_covered, v.delta, $3, $4, v.delta = 0
       FROM unnest($5::bigint[], $6::bigint[], $7::bigint[], $8::boolean[], $9::bigint[])
            AS v (key_no, version, amount, is_covered, delta)`,
    [
      ...[tenant, budgetNo, actor, nowMs],
      ...[versions.map(({ keyNo }) => keyNo), versions.map(({ version }) => version)],
      ...[
        versions.map(({ amountMicros }) => amountMicros),
        versions.map(({ isCovered }) => isCovered),
      ],
      versions.map(({ deltaMicros }) => deltaMicros),
    ],
  );
  const changed = [...states].filter(([keyNo]) => versions.some((of) => of.keyNo === keyNo));
  await tx.execute(
    `UPDATE external_keys k
        SET version = v.version, amount_micros = v.amount, is_covered = v.is_covered, counted_micros = v.counted,
            reports = k.reports + v.reports, reported_ms = $2
       FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[], $8::int[])
            AS v (key_no, version, amount, is_covered, counted, reports)
      WHERE k.budget_no = $1 AND k.key_no = v.key_no`,
    [
      ...[budgetNo, nowMs, changed.map(([keyNo]) => keyNo), changed.map(([, of]) => of.version)],
      ...[changed.map(([, of]) => of.amountMicros), changed.map(([, of]) => of.isCovered)],
      changed.map(([, of]) => of.countedMicros),
      changed.map(([keyNo]) => versions.filter((of) => of.keyNo === keyNo).length),
    ],
  );
}

/** Versions of keys that still have to be recorded, and those that are asked for again. */
export async function openOfKeys(
  tx: Queryable,
  budgetNo: bigint,
  keyNos: readonly bigint[],
  again: readonly { readonly keyNo: bigint; readonly version: bigint }[],
): Promise<OpenReport[]> {
  const rows = await tx.query<OpenRow>(
    `${OPEN} WHERE r.budget_no = $1 AND r.key_no = ANY($2::bigint[])
        AND (NOT r.is_applied OR (r.delta_micros <> 0 AND (r.key_no, r.version) IN
             (SELECT * FROM unnest($3::bigint[], $4::bigint[]))))
      ORDER BY r.key_no, r.version`,
    [budgetNo, keyNos, again.map(({ keyNo }) => keyNo), again.map(({ version }) => version)],
  );
  return rows.map(toOpen);
}

/** What a crash has left. */
export async function openSince(
  from: Queryable,
  beforeMs: string,
  olderThanMs: number,
  limit: number,
): Promise<OpenReport[]> {
  const rows = await from.query<OpenRow>(
    `${OPEN} WHERE NOT r.is_applied AND r.taken_ms <= ${beforeMs} - $1
      ORDER BY r.taken_ms, r.key_no, r.version LIMIT $2`,
    [olderThanMs, limit],
  );
  return rows.map(toOpen);
}

/** Keys of a budget, the newest first. */
export function keysBelow(
  from: Queryable,
  budgetNo: bigint,
  filter: { readonly source?: string | undefined; readonly below: bigint; readonly limit: number },
): Promise<KeyRow[]> {
  return from.query<KeyRow>(
    `SELECT ${COLUMNS} FROM external_keys k
      WHERE k.budget_no = $1 AND k.key_no < $2 AND k.version >= 0 AND ($3::text IS NULL OR k.source = $3)
      ORDER BY k.key_no DESC LIMIT $4`,
    [budgetNo, filter.below, filter.source ?? null, filter.limit],
  );
}

/** A key as the code sees it. */
export function toTotal(row: KeyRow): ExternalTotal {
  return {
    ...{
      keyNo: row.key_no,
      source: row.source,
      account: row.account,
      campaignRef: row.campaign_ref,
    },
    ...{ fromMs: Number(row.from_ms), toMs: Number(row.to_ms), currency: row.currency },
    ...(row.day === null ? {} : { day: row.day }),
    ...(row.time_zone === null ? {} : { timeZone: row.time_zone }),
    ...{ version: row.version, amountMicros: row.amount_micros, isCovered: row.is_covered },
    ...{ countedMicros: row.counted_micros, reports: row.reports },
    ...{ firstMs: Number(row.first_ms), reportedMs: Number(row.reported_ms) },
  };
}

function toOpen(row: OpenRow): OpenReport {
  return {
    ...{ tenant: row.tenant, budgetId: row.budget_id, keyNo: row.key_no, version: row.version },
    ...{ deltaMicros: row.delta_micros, currency: row.currency, actor: row.actor },
    countedMs: Number(row.counted_ms),
  };
}
