import type { Queryable } from '@kiki/postgres';

/** What is in force and waits, over all tenants. */
export interface ControlTotals {
  readonly killSwitches: number;
  readonly policies: number;
  readonly approvals: number;
}

/** Counts kill switches that are on, tenants with a policy, and changes that wait for a second key. */
export async function controlTotals(from: Queryable): Promise<ControlTotals> {
  const [row] = await from.query<{ kills: bigint; policies: bigint; approvals: bigint }>(
    `SELECT (SELECT count(*) FROM kill_switches WHERE lifted_ms IS NULL) AS kills,
            (SELECT count(*) FROM tenant_controls WHERE policy_version > 0) AS policies,
            (SELECT count(*) FROM approvals WHERE state = 'pending') AS approvals`,
  );
  return {
    killSwitches: Number(row?.kills ?? 0n),
    policies: Number(row?.policies ?? 0n),
    approvals: Number(row?.approvals ?? 0n),
  };
}
