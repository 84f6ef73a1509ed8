import type { Queryable, Row } from '@kiki/postgres';
import type { LabelMove, MoveFacts } from '../../application/models.js';
import type { GateResult } from '../../domain/gates.js';
import { versionBefore } from '../../domain/label-history.js';
import type { LabelMoveKind, Labels, ModelLabel } from '../../domain/model.js';
import { errors } from '../../errors.js';

interface MoveRow extends Row {
  readonly id: bigint;
  readonly label: ModelLabel;
  readonly version: string;
  readonly previous_version: string | null;
  readonly moved_at: Date;
  readonly moved_by: string;
  readonly kind: LabelMoveKind;
  readonly reason: string;
  readonly is_forced: boolean;
  readonly gates: readonly GateResult[] | null;
}

/** Where a label goes, from where, when and why. */
export interface LabelStep {
  readonly label: ModelLabel;
  readonly version: string;
  readonly previousVersion: string | undefined;
  readonly at: Date;
  readonly facts: MoveFacts;
}

/** Where the labels of a tenant point. */
export async function readLabels(from: Queryable, tenant: string): Promise<Labels> {
  const rows = await from.query<{ label: ModelLabel; version: string }>(
    'SELECT label, version FROM model_labels WHERE tenant = $1',
    [tenant],
  );
  return Object.fromEntries(rows.map(({ label, version }) => [label, version]));
}

/** Moves a label and records the move. */
export async function moveLabel(
  tx: Queryable,
  tenant: string,
  { label, version, previousVersion, at, facts }: LabelStep,
): Promise<void> {
  await tx.execute(
    `INSERT INTO model_labels (tenant, label, version, moved_at) VALUES ($1, $2, $3, $4)
     ON CONFLICT (tenant, label) DO UPDATE SET version = excluded.version, moved_at = excluded.moved_at`,
    [tenant, label, version, at],
  );
  const { by, kind, reason, isForced, gates } = facts;
  const said = gates === undefined ? null : JSON.stringify(gates);
  await tx.execute(
    `INSERT INTO label_moves
            (tenant, label, version, previous_version, moved_at, moved_by, kind, reason, is_forced, gates)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [tenant, label, version, previousVersion ?? null, at, by, kind, reason, isForced, said],
  );
}

/** The version that a label had before the one it has. @throws previous_version_missing */
export async function versionToGoBackTo(
  tx: Queryable,
  tenant: string,
  label: ModelLabel,
): Promise<string> {
  const steps = await tx.query<{ kind: string; version: string }>(
    'SELECT kind, version FROM label_moves WHERE tenant = $1 AND label = $2 ORDER BY id',
    [tenant, label],
  );
  const version = versionBefore(steps);
  if (version === undefined) throw errors.previous_version_missing();
  return version;
}

/** @throws label_moved unless the label points to `expected`; undefined: not checked, null: it must be free */
export function checkLabel(
  label: ModelLabel,
  current: string | undefined,
  expected: string | null | undefined,
): void {
  if (expected === undefined || (current ?? null) === expected) return;
  throw errors.label_moved(`${label} points to ${current ?? 'no version'}.`, {
    currentVersion: current ?? null,
  });
}

/** Moves newest first. */
export async function readMoves(
  from: Queryable,
  tenant: string,
  { limit, beforeId }: { readonly limit: number; readonly beforeId: number | undefined },
): Promise<LabelMove[]> {
  const rows = await from.query<MoveRow>(
    `SELECT id, label, version, previous_version, moved_at, moved_by, kind, reason, is_forced, gates
       FROM label_moves WHERE tenant = $1 AND ($2::bigint IS NULL OR id < $2) ORDER BY id DESC LIMIT $3`,
    [tenant, beforeId ?? null, limit + 1],
  );
  return rows.map((row) => ({
    id: Number(row.id),
    label: row.label,
    version: row.version,
    previousVersion: row.previous_version ?? undefined,
    movedAtMs: row.moved_at.getTime(),
    by: row.moved_by,
    kind: row.kind,
    reason: row.reason,
    isForced: row.is_forced,
    gates: row.gates ?? undefined,
  }));
}
