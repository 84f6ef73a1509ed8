import type { Database, Row } from '@kiki/postgres';
import {
  AuditTrees,
  type TreeStep,
  type TreeTotals,
  type WaitingTree,
} from '../../application/audit-trees.js';
import type { CheckpointSigner } from '../../application/checkpoint-signer.js';
import type { ReleasedCheckpoint } from '../../domain/audit-tree.js';
import { checkAudit } from './audit-check.js';
import { AuditIntegration } from './audit-integration.js';
import { findAuditKeys } from './audit-key-rows.js';
import { findTree, writeAlarm, writeAnchored } from './audit-tree-rows.js';
import { STORE_NOW } from './store-time.js';

interface WaitingRow extends Row {
  tenant: string;
  is_unanchored: boolean;
  signed_size: bigint | null;
  signed_root: Buffer | null;
  note: string | null;
  signed_ms: bigint | null;
}

const MAX_WAITING = 1_000;

/** A log that was read anew to its end is left alone for an hour. */
const CHECK_EVERY_MS = 3_600_000;

const WAITING = `
  SELECT tenant, coalesce(t.anchored_size < t.signed_size, false) AS is_unanchored,
         t.signed_size, t.signed_root, t.note, t.signed_ms
    FROM (SELECT tenant, next_seq AS size FROM audit_heads
          UNION ALL SELECT * FROM unnest($1::text[], $2::bigint[])) AS h
    LEFT JOIN audit_trees t USING (tenant)
   WHERE t.alarm IS NULL AND (h.size > coalesce(t.signed_size, 0) OR t.anchored_size < t.signed_size
         OR t.signed_by <> $3)
   LIMIT ${MAX_WAITING}`;

const TOTALS = `
  SELECT coalesce(sum(t.signed_size), 0)::bigint AS leaves,
         coalesce(sum(greatest(h.next_seq - coalesce(t.signed_size, 0), 0)), 0)::bigint AS pending,
         coalesce(max(${STORE_NOW} - t.signed_ms) FILTER (WHERE h.next_seq > t.signed_size), 0)::bigint AS age_ms,
         count(t.alarm) AS alarms
    FROM audit_heads h FULL JOIN audit_trees t USING (tenant)`;

/** The trees in PostgreSQL; each step is one transaction under the advisory lock of its tenant. */
export class PostgresAuditTrees extends AuditTrees {
  private readonly integration: AuditIntegration;

  constructor(
    private readonly database: Database,
    private readonly signer: CheckpointSigner,
  ) {
    super();
    this.integration = new AuditIntegration(database, signer);
  }

  override async waiting(known: ReadonlyMap<string, ReleasedCheckpoint>): Promise<WaitingTree[]> {
    const sizes = [...known.values()].map(({ size }) => BigInt(size));
    const isSigning = this.signer.whyNot() === undefined;
    const keys = isSigning ? this.signer.publicKeys().join(',') : null;
    const rows = await this.database.query<WaitingRow>(WAITING, [[...known.keys()], sizes, keys]);
    const trees = new Map<string, WaitingTree>();
    for (const row of rows) {
      trees.set(row.tenant, { tenant: row.tenant, unanchored: unanchoredOf(row) });
    }
    return [...trees.values()];
  }

  override advance(tenant: string, known: ReleasedCheckpoint | undefined): Promise<TreeStep> {
    return this.integration.advance(tenant, known);
  }

  override async anchored(checkpoints: readonly ReleasedCheckpoint[]): Promise<void> {
    await writeAnchored(this.database, checkpoints);
  }

  override async checkSome(records: number): Promise<string | undefined> {
    return this.database.transaction(async (tx) => {
      const [due] = await tx.query<{ tenant: string; checked_size: bigint }>(
        `SELECT tenant, checked_size FROM audit_trees
          WHERE note IS NOT NULL AND alarm IS NULL AND checked_ms <= ${STORE_NOW}
          ORDER BY checked_ms LIMIT 1 FOR UPDATE SKIP LOCKED`,
      );
      if (due === undefined) return undefined;
      const { tenant } = due;
      const tree = await findTree(tx, tenant);
      const origin = this.signer.origin(tenant);
      const verifiers = (await findAuditKeys(tx)).map(({ publicKey }) =>
        this.signer.verifier(tenant, publicKey),
      );
      const from = Number(due.checked_size);
      const order = { tenant, tree, from, limit: records, origin, verifiers };
      const { faults, to, isEnd } = await checkAudit(tx, order);
      const [fault] = faults;
      if (fault !== undefined) {
        await writeAlarm(tx, tenant, `At seq ${fault.seq}: ${fault.message}`);
        return `${tenant}: At seq ${fault.seq}: ${fault.message}`;
      }
      await tx.execute(
        `UPDATE audit_trees SET checked_size = $2, checked_ms = ${STORE_NOW} + $3 WHERE tenant = $1`,
        [tenant, BigInt(isEnd ? 0 : to), isEnd ? CHECK_EVERY_MS : 0],
      );
      return undefined;
    });
  }

  override async totals(): Promise<TreeTotals> {
    const [row] = await this.database.query<{
      leaves: bigint;
      pending: bigint;
      age_ms: bigint;
      alarms: bigint;
    }>(TOTALS);
    return {
      leaves: Number(row?.leaves ?? 0),
      pending: Number(row?.pending ?? 0),
      checkpointAgeMs: Number(row?.age_ms ?? 0),
      alarms: Number(row?.alarms ?? 0),
    };
  }
}

function unanchoredOf(row: WaitingRow): ReleasedCheckpoint | undefined {
  const { tenant, signed_root: root, note } = row;
  if (!row.is_unanchored || root === null || note === null) return undefined;
  return { tenant, size: Number(row.signed_size), root, note, signedMs: Number(row.signed_ms) };
}
