import type { Queryable, Row } from '@kiki/postgres';
import type { Controls, KillScope } from '../../domain/policy/controls.js';
import { CompiledPolicy } from '../../domain/policy/compiled-policy.js';
import { policyFromText } from '../../domain/policy/rule.js';

interface HeadRow extends Row {
  tenant: string;
  version: bigint;
  policy_version: number;
}

interface KillRow extends Row {
  tenant: string;
  switch_no: bigint;
  budget_id: string | null;
  set_ms: bigint;
}

interface PolicyRow extends Row {
  tenant: string;
  version: number;
  document: string;
}

const HEADS = `
  SELECT tenant, version, policy_version FROM tenant_controls WHERE tenant = ANY($1::text[])`;
const KILLS = `
  SELECT tenant, switch_no, budget_id, set_ms FROM kill_switches
   WHERE tenant = ANY($1::text[]) AND lifted_ms IS NULL ORDER BY switch_no`;
const POLICIES = `
  SELECT p.tenant, p.version, p.document
    FROM unnest($1::text[], $2::int[]) AS k (tenant, version)
    JOIN policies p ON p.tenant = k.tenant AND p.version = k.version`;

/** Most tenants whose controls a process keeps. */
const MAX_KEPT = 10_000;

/** The version of a tenant that nothing was ever in force for. */
export const NEVER_ANY = -1n;

/** The versions that were last read under the lock. */
export class SeenControls {
  private readonly versions = new Map<string, bigint>();

  /** Notes what was read of these tenants; rows are those that there are. */
  note(tenants: readonly string[], rows: readonly Row[]): void {
    if (this.versions.size > MAX_KEPT) this.versions.clear();
    for (const tenant of tenants) this.versions.set(tenant, NEVER_ANY);
    for (const { tenant, version } of rows as readonly HeadRow[])
      this.versions.set(tenant, version);
  }

  /** NEVER_ANY, or undefined when it was not read yet. */
  versionOf(tenant: string): bigint | undefined {
    return this.versions.get(tenant);
  }
}

/** What is in force by tenant and version: read and compiled again only after it changed. */
export class ControlCache {
  private readonly kept = new Map<string, Controls>();

  /**
   * What is in force for the tenants; call it in a statement after `lockControls`, or on a snapshot
   * where nothing is decided. One read when nothing changed.
   */
  async of(tx: Queryable, tenants: readonly string[]): Promise<Map<string, Controls>> {
    return this.ofHeads(tx, await tx.query(HEADS, [tenants], { name: 'shield-controls' }));
  }

  /** The same from rows that were read with BEGIN. */
  async ofHeads(tx: Queryable, rows: readonly Row[]): Promise<Map<string, Controls>> {
    const heads = rows as readonly HeadRow[];
    if (this.kept.size > MAX_KEPT) this.kept.clear();
    const known = new Map<string, Controls>();
    for (const { tenant, version } of heads) {
      const kept = this.kept.get(tenant);
      if (kept?.version === version) known.set(tenant, kept);
    }
    const stale = heads.filter(({ tenant }) => !known.has(tenant));
    const loaded = stale.length === 0 ? [] : await this.load(tx, stale);
    for (const [tenant, controls] of loaded) {
      this.kept.set(tenant, controls);
      known.set(tenant, controls);
    }
    return known;
  }

  /** What was read of a tenant last; it may have changed since. */
  keptOf(tenant: string): Controls | undefined {
    return this.kept.get(tenant);
  }

  private async load(
    tx: Queryable,
    heads: readonly HeadRow[],
  ): Promise<(readonly [string, Controls])[]> {
    const tenants = heads.map(({ tenant }) => tenant);
    const kills = Map.groupBy(await tx.query<KillRow>(KILLS, [tenants]), ({ tenant }) => tenant);
    const versions = heads.map((head) => head.policy_version);
    const rows = await tx.query<PolicyRow>(POLICIES, [tenants, versions]);
    const policies = new Map(rows.map((row) => [row.tenant, row]));
    return heads.map(({ tenant, version }) => {
      const policy = policies.get(tenant);
      const controls = {
        version,
        kills: (kills.get(tenant) ?? []).map(toScope),
        policy:
          policy === undefined
            ? undefined
            : new CompiledPolicy(policy.version, policyFromText(policy.document)),
      };
      return [tenant, controls] as const;
    });
  }
}

/**
 * Notes that what is in force has changed; the caller holds the tenant's control lock alone.
 * @param policyVersion undefined keeps the policy
 */
export async function bumpControls(
  tx: Queryable,
  tenant: string,
  policyVersion?: number,
): Promise<void> {
  await tx.execute(
    `INSERT INTO tenant_controls (tenant, version, policy_version) VALUES ($1, 1, coalesce($2, 0))
     ON CONFLICT (tenant) DO UPDATE
        SET version = tenant_controls.version + 1,
            policy_version = coalesce($2, tenant_controls.policy_version)`,
    [tenant, policyVersion ?? null],
  );
}

function toScope({ switch_no: no, budget_id: budgetId, set_ms: setMs }: KillRow): KillScope {
  return {
    id: no.toString(),
    setMs: Number(setMs),
    ...(budgetId === null ? {} : { budgetId }),
  };
}
